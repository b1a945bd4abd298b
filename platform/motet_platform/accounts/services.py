"""Changes to accounts and their people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from motet_billing import money
from motet_billing.services import credit_grant, wallet_open

from motet_platform.accounts.models import SLUG, Account, Membership, Role, User
from motet_platform.config import get_config
from motet_platform.errors import InvalidRequest

SIGNUP_CREDIT_DAYS = 90
# Words that stand in model names or addresses of their own.
RESERVED = frozenset({"accounts", "models", "motet", "base", "admin", "api"})


@dataclass(frozen=True)
class NewAccount:
    account: Account
    owner: User


def account_create(
    *, email: str, name: str = "", slug: str = "", password: str | None = None
) -> NewAccount:
    """A tenant with its owner, its wallet and the sign-up credit, all or nothing.

    InvalidRequest `email_taken`, `slug_taken`, or with the field that is wrong; without a password
    the owner cannot log in until one is set.
    """
    email = email.strip().lower()
    if User.objects.filter(email=email).exists():
        raise InvalidRequest(
            "This e-mail has an account already.", code="email_taken", param="email"
        )
    if password is not None:
        validate_password(password, User(email=email, name=name))
    with transaction.atomic():
        owner = User.objects.create_user(email, password, name=name)
        account = Account(slug=_slug(slug, email), name=name or email.split("@", 1)[0])
        account.full_clean()
        account.save()
        Membership.objects.create(account=account, user=owner, role=Role.OWNER)
        wallet = wallet_open(account_id=account.pk)
        credit = money.picodollars(str(get_config().signup_credit_usd))
        if credit:
            credit_grant(
                wallet_id=wallet.pk,
                amount=credit,
                kind="promo",
                source_key=f"signup:{account.pk}",
                expires_at=timezone.now() + timedelta(days=SIGNUP_CREDIT_DAYS),
                memo="sign-up credit",
            )
    return NewAccount(account, owner)


def account_suspend(*, account: Account, suspended: bool) -> Account:
    """Stops every key of the account at once, or lets them work again."""
    account.suspended_at = timezone.now() if suspended else None
    account.save(update_fields=["suspended_at"])
    return account


def account_grant(*, account: Account, usd: str, source_key: str) -> int:
    """Credit by the operator's hand, once per `source_key`; the amount in picodollars."""
    try:
        amount = money.picodollars(usd)
    except ValueError as error:
        raise InvalidRequest(str(error), param="amount") from None
    if amount <= 0:
        raise InvalidRequest("Grant a positive amount.", param="amount")
    wallet = wallet_open(account_id=account.pk)
    credit_grant(
        wallet_id=wallet.pk,
        amount=amount,
        kind="paid",
        source_key=source_key,
        memo="granted by the operator",
    )
    return amount


def member_add(*, account: Account, email: str, role: Role = Role.MEMBER) -> Membership:
    """A person in the account, made if nobody has that e-mail yet."""
    email = email.strip().lower()
    with transaction.atomic():
        user = User.objects.filter(email=email).first() or User.objects.create_user(email)
        membership, _ = Membership.objects.get_or_create(
            account=account, user=user, defaults={"role": role}
        )
    return membership


def _slug(wanted: str, email: str) -> str:
    if wanted:
        SLUG(wanted)
        if wanted in RESERVED or Account.objects.filter(slug=wanted).exists():
            raise InvalidRequest("This name is taken.", code="slug_taken", param="slug")
        return wanted
    stem = (
        slugify(email.split("@", 1)[0].replace(".", "-").replace("_", "-"))[:34].strip("-")
        or "team"
    )
    taken = RESERVED | set(
        Account.objects.filter(slug__startswith=stem).values_list("slug", flat=True)
    )
    return next(
        slug for n in range(1, 100_000) if (slug := stem if n == 1 else f"{stem}-{n}") not in taken
    )
