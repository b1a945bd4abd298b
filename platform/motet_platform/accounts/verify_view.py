"""The code of a verification mail, which may come twice: a click too many, or a lost answer."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.headless.account.views import VerifyEmailView
from allauth.headless.base.response import ConflictResponse
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase

from motet_platform.accounts.models import User


class VerifyOnceView(VerifyEmailView):  # type: ignore[misc]  # allauth has no types
    """allauth's view, one at a time per person, and whole: an e-mail is not verified without the
    account that comes with it. Whoever comes second is told 409, as allauth does a moment later
    where no code is pending any more; by itself it fails with 500 there."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        address = self.process.email_address
        with transaction.atomic():
            User.objects.select_for_update().filter(pk=address.user_id).first()
            verified = EmailAddress.objects.filter(user_id=address.user_id, verified=True)
            if verified.filter(email=address.email).exists():
                return ConflictResponse(request)  # type: ignore[no-any-return]
            return super().post(request, *args, **kwargs)  # type: ignore[no-any-return]
