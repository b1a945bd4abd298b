"""The tables of money. Amounts are picodollars; README.md lists what must always hold.

Nothing outside `sql.py` and `ledger.py` writes Wallet.posted, Wallet.reserved, Lot.remaining,
Hold, Journal or Entry; a cap's counts are written there and in `cap_services.py`.
Foreign keys here carry no index of their own where no query would use it: these rows are written
twice per request.
"""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from motet_billing.caps import PERIODS


class Wallet(models.Model):
    """An account's money: `posted` is what its lots hold, `reserved` what its open holds claim."""

    account = models.OneToOneField(
        "accounts.Account", on_delete=models.PROTECT, related_name="wallet"
    )
    posted = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(posted__gte=F("reserved")) & Q(reserved__gte=0),
                name="wallet_posted_covers_reserved",
            )
        ]

    def __str__(self) -> str:
        return f"wallet {self.pk}"


class PriceVersion(models.Model):
    """The price of a base model from an instant on; append-only, the newest that is valid rules.

    Units: micro-USD per 1M tokens. An adapter has no price of its own: it costs what its base
    costs.
    """

    sku = models.TextField()
    input = models.BigIntegerField()
    cached_input = models.BigIntegerField()
    output = models.BigIntegerField()
    valid_from = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sku", "valid_from"], name="price_one_per_instant"),
            models.CheckConstraint(
                condition=Q(input__gte=0) & Q(cached_input__gte=0) & Q(output__gte=0),
                name="price_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku} from {self.valid_from:%Y-%m-%d %H:%M}"


class Lot(models.Model):
    """Credit from one source; promotional lots pay first, then the earliest expiry."""

    class Kind(models.TextChoices):
        PROMO = "promo"
        PAID = "paid"

    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="lots")
    kind = models.TextField(choices=Kind)
    amount = models.BigIntegerField()
    remaining = models.BigIntegerField(default=0)
    source_key = models.TextField(unique=True)
    expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0) & Q(remaining__gte=0) & Q(remaining__lte=F("amount")),
                name="lot_remaining_within_amount",
            ),
            models.CheckConstraint(condition=Q(kind__in=["promo", "paid"]), name="lot_kind_known"),
        ]
        indexes = [
            models.Index(fields=["wallet"], condition=Q(remaining__gt=0), name="lot_open"),
            models.Index(fields=["expires_at"], condition=Q(remaining__gt=0), name="lot_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} lot {self.pk}"


class Hold(models.Model):
    """What a running request may cost at most. It ends once: captured or released.

    `checkpoint` is the last durable count of what was delivered: {"prompt_tokens",
    "cached_tokens", "completion_tokens", "cost"}. `context` carries what a usage record needs when
    the gateway that owns the hold is gone. A hold whose lease has run out belongs to the sweeper,
    which names the `fault`.
    """

    class State(models.TextChoices):
        HELD = "held"
        CAPTURED = "captured"
        RELEASED = "released"

    request_id = models.TextField(primary_key=True)
    wallet = models.ForeignKey(
        Wallet, on_delete=models.PROTECT, related_name="holds", db_index=False
    )
    amount = models.BigIntegerField()
    captured = models.BigIntegerField(default=0)
    checkpoint = models.JSONField(null=True)
    state = models.TextField(choices=State, default=State.HELD)
    price_version = models.ForeignKey(
        PriceVersion, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    owner = models.TextField()
    subject = models.TextField(default="", db_default="", blank=True)  # see Cap
    lease_until = models.DateTimeField()
    context = models.JSONField(default=dict)
    fault = models.TextField(default="", blank=True)
    opened_at = models.DateTimeField(db_default=Now(), editable=False)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0) & Q(captured__gte=0) & Q(captured__lte=F("amount")),
                name="hold_captured_within_amount",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state="held", captured=0, closed_at=None, fault="")
                    | Q(state="captured", captured__gt=0, closed_at__isnull=False)
                    | Q(state="released", captured=0, closed_at__isnull=False)
                ),
                name="hold_one_terminal_state",
            ),
        ]
        indexes = [
            models.Index(fields=["wallet"], condition=Q(state="held"), name="hold_open"),
            models.Index(fields=["lease_until"], condition=Q(state="held"), name="hold_lease"),
        ]

    def __str__(self) -> str:
        return f"hold {self.request_id}"


class Cap(models.Model):
    """What one subject of a wallet may cost per period; "" is all of the wallet (see caps.py).

    `spent` was captured since `window_start`, `reserved` is what open holds of the subject claim.
    Written only under the wallet's lock, by `sql.cap_change` and the services.
    """

    wallet = models.ForeignKey(
        Wallet, on_delete=models.PROTECT, related_name="caps", db_index=False
    )
    subject = models.TextField(blank=True)
    limit = models.BigIntegerField()
    period = models.TextField(choices=[(name, name) for name in PERIODS])
    window_start = models.DateTimeField()
    spent = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(default=0)
    alerted = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["wallet", "subject"], name="cap_one_per_subject"),
            models.CheckConstraint(
                condition=Q(limit__gte=0) & Q(spent__gte=0) & Q(reserved__gte=0),
                name="cap_not_negative",
            ),
            models.CheckConstraint(condition=Q(period__in=list(PERIODS)), name="cap_period_known"),
        ]

    def __str__(self) -> str:
        return f"cap on {self.subject or 'all'} of wallet {self.wallet_id}"


class CapAlert(models.Model):
    """A threshold that a cap has reached, once per window and limit. `told_at`: handed on."""

    cap = models.ForeignKey(Cap, on_delete=models.CASCADE, related_name="alerts", db_index=False)
    window_start = models.DateTimeField()
    limit = models.BigIntegerField()
    spent = models.BigIntegerField()
    percent = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cap", "window_start", "limit", "percent"], name="alert_once"
            )
        ]
        indexes = [models.Index(fields=["id"], condition=Q(told_at=None), name="alert_untold")]

    def __str__(self) -> str:
        return f"{self.percent} % of {self.cap}"


class Journal(models.Model):
    """One event that moved money; its entries sum to zero. Append-only.

    `key` names the cause, so that no cause moves money twice.
    """

    class Kind(models.TextChoices):
        GRANT = "grant"
        CAPTURE = "capture"
        EXPIRY = "expiry"
        ADJUSTMENT = "adjustment"
        REFUND = "refund"
        DISPUTE = "dispute"

    key = models.TextField(unique=True)
    wallet = models.ForeignKey(
        Wallet, on_delete=models.PROTECT, related_name="journals", db_index=False
    )
    kind = models.TextField(choices=Kind)
    memo = models.TextField(default="", blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["wallet", "-id"], name="journal_statement"),
            # The few that are no request's: for a month's statement.
            models.Index(
                fields=["wallet", "created_at"], condition=~Q(kind="capture"), name="journal_moved"
            ),
        ]

    def __str__(self) -> str:
        return self.key


class Entry(models.Model):
    """One side of a journal: positive raises the account, negative lowers it. Append-only.

    Account "wallet" is the journal's wallet, and only its entries name a lot.
    """

    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="entries")
    account = models.TextField()
    lot = models.ForeignKey(
        Lot, on_delete=models.PROTECT, null=True, related_name="entries", db_index=False
    )
    amount = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "entries"
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="entry_not_zero"),
            models.CheckConstraint(
                condition=Q(account="wallet", lot__isnull=False)
                | (~Q(account="wallet") & Q(lot__isnull=True)),
                name="entry_wallet_names_its_lot",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.amount}"
