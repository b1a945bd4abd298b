"""Automatic top-ups: charged to the saved card, off session, when credit runs low."""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Sum
from django.db.models.functions import Now, TruncMonth
from django.utils import timezone
from stripe import StripeClient

from motet_billing.models import Wallet
from motet_billing.stripe.client import answers, key
from motet_billing.stripe.customers import card_of
from motet_billing.stripe.errors import PaymentRefused
from motet_billing.stripe.models import AutoTopup, Customer, Payment
from motet_billing.stripe.settle import payment_sync

MAX_FAILURES = 3
COOLDOWN = timedelta(minutes=10)  # after a failure; longer each time


def autotopup_due() -> list[int]:
    """Wallets whose available credit is below their threshold, and that may be charged now."""
    wallets = Wallet.objects.filter(
        auto_topup__enabled=True,
        stripe_customer__disputed_at=None,
        stripe_customer__stripe_id__isnull=False,
        auto_topup__threshold__gt=F("posted") - F("reserved"),
    )
    waiting = wallets.filter(auto_topup__next_try_at__gt=Now())
    return list(wallets.exclude(pk__in=waiting.values("pk")).values_list("pk", flat=True))


def autotopup_set(
    *, wallet_id: int, enabled: bool, threshold: int, cents: int, monthly_cap_cents: int
) -> AutoTopup:
    """The wallet's rule; setting it forgets earlier failures."""
    return AutoTopup.objects.update_or_create(
        wallet_id=wallet_id,
        defaults={
            "enabled": enabled,
            "threshold": threshold,
            "cents": cents,
            "monthly_cap_cents": monthly_cap_cents,
            "failures": 0,
            "stopped": "",
            "told": False,
            "next_try_at": None,
            "restarted_at": Now(),
        },
    )[0]


def autotopup_off(*, wallet_id: int) -> bool:
    """From the caller's transaction on no charge is begun; whether it was on.

    A charge that has begun already still ends on the books.
    """
    rule = AutoTopup.objects.select_for_update().filter(pk=wallet_id, enabled=True)
    return bool(rule) and bool(rule.update(enabled=False, next_try_at=None))


def autotopup_open(wallet_id: int) -> Payment | None:
    """The payment to be made, on record before Stripe is asked; None where none may be made.

    One at a time, never past the month's cap: who comes second finds the first.
    """
    with transaction.atomic():
        rule = AutoTopup.objects.select_for_update().get(pk=wallet_id)
        wallet = Wallet.objects.get(pk=wallet_id)
        if not rule.enabled or wallet.posted - wallet.reserved >= rule.threshold:
            return None
        if spent_this_month(wallet_id) + rule.cents > rule.monthly_cap_cents:
            return None
        try:
            with transaction.atomic():
                return Payment.objects.create(
                    wallet_id=wallet_id,
                    kind=Payment.Kind.AUTO,
                    cents=rule.cents,
                    checked_at=Now(),
                )
        except IntegrityError:
            return None  # one is on its way


def autotopup_send(client: StripeClient, payment: Payment) -> Payment:
    """Charge the card, and note how it went. StripeUnavailable: `reconcile` asks again."""
    customer = Customer.objects.get(pk=payment.wallet_id)
    assert customer.stripe_id is not None
    card = card_of(client, customer.stripe_id)
    if card is None:
        return _refused(payment, "no_saved_card")
    try:
        with answers():
            client.v1.payment_intents.create(
                {
                    "amount": payment.cents,
                    "currency": "usd",
                    "customer": customer.stripe_id,
                    "payment_method": card,
                    # Ways to pay that lead elsewhere would want a page to return to.
                    "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                    "off_session": True,
                    "confirm": True,
                    "description": "Motet credit, automatic top-up",
                    "metadata": {"motet_payment": str(payment.pk)},
                },
                key(f"payment-{payment.pk}"),
            )
    except PaymentRefused as error:
        # A decline leaves an intent that says why; a refusal before that leaves none.
        payment = payment_sync(client, payment.pk)
        if payment.state == Payment.State.NEW:
            return _refused(payment, str(error))
        _close(client, payment)
    else:
        payment = payment_sync(client, payment.pk)
    autotopup_settle(payment)
    return payment


def autotopup_settle(payment: Payment) -> None:
    """What a payment's end means for the rule: failures are counted, until one works.

    A rule that was stopped stays off until the customer turns it on again.
    """
    with transaction.atomic():
        rule = AutoTopup.objects.select_for_update().filter(pk=payment.wallet_id).first()
        if rule is None:
            return
        if payment.state in (Payment.State.PAID, Payment.State.FAILED):
            _count(rule)
            rule.save()


def spent_this_month(wallet_id: int) -> int:
    """Cents charged or being charged by automatic top-ups since the first, in UTC."""
    payments = Payment.objects.filter(
        wallet_id=wallet_id, kind=Payment.Kind.AUTO, created_at__gte=TruncMonth(Now())
    )
    total: int | None = payments.exclude(state="failed").aggregate(sum=Sum("cents"))["sum"]
    return total or 0


def _count(rule: AutoTopup) -> None:
    """Failures since the last payment that worked, counted anew: a replay changes nothing."""
    payments = Payment.objects.filter(wallet_id=rule.pk).order_by("-created_at")
    failed = payments.filter(
        kind=Payment.Kind.AUTO, state=Payment.State.FAILED, created_at__gt=rule.restarted_at
    )
    worked = payments.filter(state=Payment.State.PAID).order_by("-paid_at").first()
    if worked is not None and worked.paid_at is not None:
        failed = failed.filter(created_at__gt=worked.paid_at)
    failures, last = failed.count(), failed.first()
    if failures == rule.failures:
        return
    rule.failures = failures
    if last is None:
        rule.next_try_at = None
        return
    rule.next_try_at = timezone.now() + COOLDOWN * 2 ** (failures - 1)
    if last.error == "authentication_required" or failures >= MAX_FAILURES:
        rule.enabled, rule.stopped = False, last.error or "declined"


def _refused(payment: Payment, why: str) -> Payment:
    Payment.objects.filter(pk=payment.pk, state=Payment.State.NEW).update(
        state=Payment.State.FAILED, error=why
    )
    payment.refresh_from_db()
    autotopup_settle(payment)
    return payment


def _close(client: StripeClient, payment: Payment) -> None:
    """End an intent that was declined, so that nothing can charge it later."""
    if payment.intent_id is None or payment.state != Payment.State.FAILED:
        return
    try:
        with answers():
            client.v1.payment_intents.cancel(payment.intent_id)
    except PaymentRefused:
        pass  # it has ended already
