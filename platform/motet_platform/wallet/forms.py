"""What staff may fill in. A form's check calls the service, in the request's own transaction: its
refusal is the form's, and nothing is saved twice."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from motet_billing.errors import PriceConflict
from motet_billing.models import PriceVersion
from motet_billing.money import picodollars
from motet_billing.services import price_set

from motet_platform.accounts.models import User
from motet_platform.audit.actor import Actor, acting
from motet_platform.audit.models import ActorKind
from motet_platform.catalog.selectors import bases_active
from motet_platform.errors import MotetError
from motet_platform.wallet.adjustments import adjustment_ask
from motet_platform.wallet.models import Adjustment

PER_MICRO = 10**6  # picodollars


class UsdField(forms.CharField):
    """An exact decimal in USD; its value is in picodollars."""

    def clean(self, value: Any) -> int:
        try:
            return picodollars(super().clean(value))
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


class PriceField(UsdField):
    """USD per 1M tokens; its value is micro-USD, as the price book has it."""

    def clean(self, value: Any) -> int:
        micro, rest = divmod(super().clean(value), PER_MICRO)
        if rest:
            raise forms.ValidationError("At most 6 decimals.")
        return micro


class PriceForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A new version of a base model's price; `valid_from` may lie in the future."""

    sku = forms.ChoiceField(label="Base model", choices=[])
    input = PriceField(help_text="USD per 1M tokens.")
    cached_input = PriceField(help_text="USD per 1M tokens.")
    output = PriceField(help_text="USD per 1M tokens.")
    valid_from = forms.SplitDateTimeField(
        required=False, help_text="UTC; left empty: from now on. Running requests keep theirs."
    )

    class Meta:
        model = PriceVersion
        fields: ClassVar = ["sku", "input", "cached_input", "output", "valid_from"]

    def __init__(self, *words: Any, **more: Any) -> None:
        super().__init__(*words, **more)
        names = [base.name for base in bases_active()]
        field = self.fields["sku"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(name, name) for name in names]

    def _post_clean(self) -> None:
        if self.errors:
            return
        try:
            self.instance = price_set(**self.cleaned_data)
        except (PriceConflict, ValueError) as error:
            self.add_error(None, str(error))


class AdjustmentForm(forms.ModelForm):  # type: ignore[type-arg]
    """`by` is who asks, set on the class that a request gets."""

    by: ClassVar[User]
    amount = UsdField(help_text="USD; negative takes credit away.")
    reason = forms.CharField(
        widget=forms.Textarea, help_text="Stands in the customer's ledger as well."
    )

    class Meta:
        model = Adjustment
        fields: ClassVar = ["account", "amount", "lot_kind", "reason"]

    def _post_clean(self) -> None:
        if self.errors:
            return
        try:
            with acting(Actor(ActorKind.OPERATOR, str(self.by))):
                self.instance = adjustment_ask(**self.cleaned_data, by=self.by)
        except MotetError as error:
            self.add_error(None, error.message)
