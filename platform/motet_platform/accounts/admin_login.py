"""The admin's own login, which must not be a way around what the dashboard asks for."""

from __future__ import annotations

from typing import Any

from allauth.core import ratelimit
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError

from motet_platform.accounts.models import User


class StaffLogin(AdminAuthenticationForm):
    """Refuses who has a second factor, and guesses beyond allauth's limits."""

    def clean(self) -> dict[str, Any]:
        key = str(self.cleaned_data.get("username", "")).lower()
        if not ratelimit.consume(self.request, action="login_failed", key=key):
            raise ValidationError("Too many attempts: wait a few minutes.", code="too_many")
        cleaned: dict[str, Any] = super().clean()
        ratelimit.clear(self.request, action="login_failed", key=key)
        return cleaned

    def confirm_login_allowed(self, user: User) -> None:
        super().confirm_login_allowed(user)
        if is_mfa_enabled(user):
            raise ValidationError(
                "Sign in at the dashboard with your second factor, then come back.",
                code="second_factor",
            )
