"""What is known of Stripe's side. Cents are whole US cents; picodollars belong to the ledger.

A row is written before Stripe is called, and carries the idempotency key of the call. States move
forward only, so that what is fetched late, twice or out of order changes nothing.
"""

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

CENT = 10**10  # picodollars


class Customer(models.Model):
    """A wallet's customer at Stripe. `disputed_at`: a payment was disputed and not yet won."""

    wallet = models.OneToOneField(
        "billing.Wallet", on_delete=models.PROTECT, primary_key=True, related_name="stripe_customer"
    )
    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    stripe_id = models.TextField(null=True, unique=True)
    email = models.TextField()
    disputed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return self.stripe_id or f"customer of wallet {self.wallet_id}"


class Payment(models.Model):
    """A top-up: `cents` of credit for that much money, and tax on top where there is any.

    `received` is what Stripe took in all. The ledger's lot has the source key `stripe:<intent>`.
    """

    class Kind(models.TextChoices):
        CHECKOUT = "checkout"
        AUTO = "auto"

    class State(models.TextChoices):
        NEW = "new"  # Stripe has not confirmed that it knows of it
        OPEN = "open"
        PAID = "paid"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    wallet = models.ForeignKey("billing.Wallet", on_delete=models.PROTECT, related_name="payments")
    kind = models.TextField(choices=Kind)
    cents = models.BigIntegerField()
    state = models.TextField(choices=State, default=State.NEW)
    session_id = models.TextField(null=True, unique=True)
    intent_id = models.TextField(null=True, unique=True)
    received = models.BigIntegerField(default=0)
    url = models.TextField(default="", blank=True)
    receipt_url = models.TextField(default="", blank=True)
    error = models.TextField(default="", blank=True)
    checked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    paid_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(cents__gt=0), name="payment_positive"),
            models.CheckConstraint(
                condition=Q(state__in=["new", "open", "paid", "failed"]), name="payment_state"
            ),
            models.UniqueConstraint(
                fields=["wallet"],
                condition=Q(kind="auto", state__in=["new", "open"]),
                name="payment_one_auto_at_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["wallet", "-created_at"], name="payment_statement"),
            models.Index(
                fields=["created_at"], condition=Q(state__in=["new", "open"]), name="payment_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} payment {self.pk}"


class Refund(models.Model):
    """Money given back. `taken` is what it took out of the ledger, in picodollars.

    Ours begin as NEW with the credit taken; one made in Stripe's dashboard is found by an event and
    takes what is left, so `cents` may say more than `taken`.
    """

    class State(models.TextChoices):
        NEW = "new"
        DONE = "done"
        FAILED = "failed"  # its credit was given back

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    stripe_id = models.TextField(null=True, unique=True)
    cents = models.BigIntegerField()
    taken = models.BigIntegerField(default=0)
    state = models.TextField(choices=State, default=State.NEW)
    reason = models.TextField(default="", blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"refund {self.pk} of {self.payment_id}"


class Dispute(models.Model):
    """Money that a bank took back. `taken` left the ledger when it opened; it returns if won."""

    class State(models.TextChoices):
        OPEN = "open"
        WON = "won"
        LOST = "lost"

    stripe_id = models.TextField(primary_key=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="disputes")
    cents = models.BigIntegerField()
    taken = models.BigIntegerField(default=0)
    state = models.TextField(choices=State, default=State.OPEN)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"dispute {self.stripe_id}"


class AutoTopup(models.Model):
    """When credit falls below `threshold` (picodollars), `cents` are charged to the saved card.

    Off after three failures in a row, or at once where the bank asks for the person; `stopped`
    says why.
    """

    wallet = models.OneToOneField(
        "billing.Wallet", on_delete=models.PROTECT, primary_key=True, related_name="auto_topup"
    )
    enabled = models.BooleanField(default=False)
    threshold = models.BigIntegerField()
    cents = models.BigIntegerField()
    monthly_cap_cents = models.BigIntegerField()
    failures = models.PositiveSmallIntegerField(default=0)
    stopped = models.TextField(default="", blank=True)
    told = models.BooleanField(default=False)  # the customer knows that it was stopped
    next_try_at = models.DateTimeField(null=True)
    restarted_at = models.DateTimeField(db_default=Now())  # failures before it do not count

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(threshold__gte=0) & Q(cents__gt=0) & Q(monthly_cap_cents__gte=0),
                name="autotopup_not_negative",
            )
        ]

    def __str__(self) -> str:
        return f"auto top-up of wallet {self.wallet_id}"


class Event(models.Model):
    """A webhook as it came. The payload tells which object to ask Stripe about, nothing more."""

    id = models.TextField(primary_key=True)
    type = models.TextField()
    payload = models.JSONField()
    received_at = models.DateTimeField(db_default=Now(), editable=False)
    handled_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.type} {self.pk}"


class MeterPlan(models.Model):
    """A postpaid wallet: its charges after `since_journal_id` are exported to a meter.

    `journal_id` is how far that has come, and `carry` what the exports so far left over below one
    micro-USD, in picodollars.
    """

    wallet = models.OneToOneField(
        "billing.Wallet", on_delete=models.PROTECT, primary_key=True, related_name="meter_plan"
    )
    since_journal_id = models.BigIntegerField()
    journal_id = models.BigIntegerField()
    carry = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"meter plan of wallet {self.wallet_id}"


class MeterExport(models.Model):
    """One meter event: the charges of an hour's journals, in whole micro-USD, sent once.

    It covers the wallet's journals after `after_journal_id` up to `journal_id`.
    """

    identifier = models.TextField(primary_key=True)
    wallet = models.ForeignKey(
        "billing.Wallet", on_delete=models.PROTECT, related_name="meter_exports"
    )
    hour = models.DateTimeField()
    after_journal_id = models.BigIntegerField()
    journal_id = models.BigIntegerField()
    micro_usd = models.BigIntegerField()
    first_sent_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["wallet", "hour"], name="export_one_per_hour"),
            models.CheckConstraint(condition=Q(micro_usd__gt=0), name="export_positive"),
        ]
        indexes = [models.Index(fields=["hour"], condition=Q(sent_at=None), name="export_unsent")]

    def __str__(self) -> str:
        return self.identifier
