"""What a sign-up means here: allauth signs up, and a verified e-mail opens an account."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed, user_logged_in, user_signed_up
from allauth.mfa.adapter import DefaultMFAAdapter
from django.dispatch import receiver
from django.http import HttpRequest

from motet_platform.accounts.models import User
from motet_platform.accounts.services import account_open_first
from motet_platform.config import get_config
from motet_platform.errors import Unavailable
from motet_platform.sealed import cipher

log = logging.getLogger(__name__)

_PURPOSE = b"second-factors"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """E-mails in lower case, as the User model keeps them; sign-up may be closed."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return get_config().signup == "open"

    def clean_email(self, email: str) -> str:
        return email.strip().lower()

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        public = urlsplit(get_config().public_url).netloc
        site = SimpleNamespace(name="Motet", domain=public)  # what the texts sign with
        try:
            super().send_mail(template_prefix, email, {"current_site": site, **context})
        except OSError:  # smtplib's errors are of this kind too
            log.exception("a mail was not sent")
            raise Unavailable(
                "We cannot send mail right now.", code="mail_unavailable", retry_after=30
            ) from None


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors are stored encrypted: a copy of the database alone does not pass them."""

    def encrypt(self, text: str) -> str:
        return cipher(_PURPOSE).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return cipher(_PURPOSE).decrypt(encrypted_text.encode()).decode()


@receiver(email_confirmed)
def open_on_confirmed(email_address: EmailAddress, **kwargs: Any) -> None:
    _open_first(email_address.user)


@receiver(user_signed_up)
def open_on_signed_up(user: User, **kwargs: Any) -> None:
    """A provider that vouches for the e-mail leaves nothing to confirm."""
    if _verified(user):
        _open_first(user)


@receiver(user_logged_in)
def open_on_signed_in(user: User, **kwargs: Any) -> None:
    """Nobody confirms an e-mail twice: whatever kept the account from being opened then is made
    good here. Not where sign-up is closed, since there the operator says who has an account."""
    if get_config().signup == "open" and _verified(user):
        _open_first(user)


def _verified(user: User) -> bool:
    return bool(EmailAddress.objects.filter(user=user, verified=True).exists())


def _open_first(user: User) -> None:
    if user.signup_credit_at is None:  # which spares every other sign-in the lock
        account_open_first(owner=user)
