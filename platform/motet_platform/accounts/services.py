"""Changes to accounts and their people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify
from motet_billing import money
from motet_billing.services import credit_grant, wallet_open

from motet_platform.accounts.models import SLUG, Account, Membership, Role, User
from motet_platform.audit.services import audit
from motet_platform.config import get_config
from motet_platform.errors import InvalidRequest

SIGNUP_CREDIT_DAYS = 90
MAX_OWNED = 20
SLUG_TRIES = 20
# Words that stand in model names or addresses of their own.
RESERVED = frozenset({"accounts", "models", "motet", "base", "admin", "api"})


@dataclass(frozen=True)
class NewAccount:
    account: Account
    owner: User


def account_create(
    *, email: str, name: str = "", slug: str = "", password: str | None = None
) -> NewAccount:
    """A tenant with its owner, whose e-mail the operator vouches for; all or nothing.

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
        email_vouch(owner)
        account = account_open(owner=owner, name=name, slug=slug, signup_credit=True)
    return NewAccount(account, owner)


def account_open(
    *, owner: User, name: str = "", slug: str = "", signup_credit: bool = False
) -> Account:
    """A tenant with its wallet, for somebody who is here already.

    The sign-up credit comes once per person, however many accounts they open.
    InvalidRequest `slug_taken`, `too_many_accounts`.
    """
    with transaction.atomic():
        _lock(owner)
        if owner.memberships.filter(role=Role.OWNER).count() >= MAX_OWNED:
            raise InvalidRequest(
                f"A person owns at most {MAX_OWNED} accounts.", code="too_many_accounts"
            )
        account = _row(slug, owner.email, name or owner.email.split("@", 1)[0])
        Membership.objects.create(account=account, user=owner, role=Role.OWNER)
        audit(account, "account.create", account.slug, after={"owner": owner.email})
        wallet = wallet_open(account_id=account.pk)
        if signup_credit and owner.signup_credit_at is None:
            _signup_credit(owner, account, wallet.pk)
    return account


def account_open_first(*, owner: User) -> Account | None:
    """The account, with the credit, that comes with a verified e-mail; None for whoever had it or
    is a member somewhere. However often this is asked at once, it comes once."""
    with transaction.atomic():
        _lock(owner)
        if owner.signup_credit_at is not None or owner.memberships.exists():
            return None
        return account_open(owner=owner, signup_credit=True)


def email_vouch(user: User) -> None:
    """Marks the person's e-mail as verified, on the operator's word."""
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )


def account_suspend(*, account: Account, suspended: bool) -> Account:
    """Stops every key of the account at once, or lets them work again."""
    with transaction.atomic():
        account.suspended_at = timezone.now() if suspended else None
        account.save(update_fields=["suspended_at"])
        audit(account, "account.suspend" if suspended else "account.resume", account.slug)
    return account


def account_grant(*, account: Account, usd: str, source_key: str) -> int:
    """Credit by the operator's hand, once per `source_key`; the amount in picodollars."""
    try:
        amount = money.picodollars(usd)
    except ValueError as error:
        raise InvalidRequest(str(error), param="amount") from None
    if amount <= 0:
        raise InvalidRequest("Grant a positive amount.", param="amount")
    with transaction.atomic():
        wallet = wallet_open(account_id=account.pk)
        try:
            credit_grant(
                wallet_id=wallet.pk,
                amount=amount,
                kind="paid",
                source_key=source_key,
                memo="granted by the operator",
                source="adjustment",
            )
        except ValueError as error:
            raise InvalidRequest(str(error), param="amount") from None
        audit(account, "credit.grant", account.slug, after={"amount": usd, "once": source_key})
    return amount


def member_add(*, account: Account, email: str, role: Role = Role.DEVELOPER) -> Membership:
    """A person in the account, made if nobody has that e-mail yet."""
    email = email.strip().lower()
    with transaction.atomic():
        user = User.objects.filter(email=email).first()
        if user is None:
            user = User.objects.create_user(email)
            email_vouch(user)
        membership, new = Membership.objects.get_or_create(
            account=account, user=user, defaults={"role": role}
        )
        if new:
            audit(account, "member.add", email, after={"role": role})
    return membership


def _lock(person: User) -> None:
    """Locks the person's row. What the caller holds may be older than another's commit, and says
    from here on whether the credit was given."""
    person.refresh_from_db(
        fields=["signup_credit_at"], from_queryset=User.objects.select_for_update()
    )


def _signup_credit(owner: User, account: Account, wallet_id: int) -> None:
    """Noted on the person even where it is nothing: what it becomes later is for later people."""
    credit = money.picodollars(str(get_config().signup_credit_usd))
    now = timezone.now()
    if credit:
        credit_grant(
            wallet_id=wallet_id,
            amount=credit,
            kind="promo",
            source_key=f"signup:{account.pk}",
            expires_at=now + timedelta(days=SIGNUP_CREDIT_DAYS),
            memo="sign-up credit",
        )
    owner.signup_credit_at = now
    owner.save(update_fields=["signup_credit_at"])


def _row(slug: str, email: str, name: str) -> Account:
    """The account's row. Two that look for a slug at one moment find the same one free: whoever
    comes second looks again, and by then sees the first."""
    for tries_left in reversed(range(SLUG_TRIES)):
        account = Account(slug=_slug(slug, email), name=name)
        account.full_clean(
            validate_unique=False
        )  # the table says it, to one of two at once as well
        try:
            with transaction.atomic():
                account.save()
            return account
        except IntegrityError:
            if not tries_left:
                raise
    raise AssertionError("the last try returns or raises")


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
