"""Which requests, or sums of requests, are meant: the same words for both."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from motet_platform.errors import InvalidRequest

SERVICE = "service:"  # before a service account's name, where a member is named
_ADAPTER = re.compile(r"(?:([^/@]+)/)?([^/@]+)", re.ASCII)
_VERSION = re.compile(rf"{_ADAPTER.pattern}@([0-9]{{1,9}})", re.ASCII)


def usage_filter(wanted: Mapping[str, Any]) -> Q:
    """For UsageRecord and UsageHour alike. `wanted` may hold `model`, `adapter` (acme/support),
    `version` (acme/support@3), `key` (an id) and `member` (an e-mail, or service:NAME); what is
    empty or missing narrows nothing. InvalidRequest for an adapter or version written otherwise.
    """
    found = Q()
    if model := wanted.get("model"):
        found &= Q(model=model)
    if adapter := wanted.get("adapter"):
        found &= _adapter(*_read(_ADAPTER, adapter, "adapter", "acme/support"))
    if version := wanted.get("version"):
        account, name, number = _read(_VERSION, version, "version", "acme/support@3")
        found &= _adapter(account, name) & Q(version__number=int(number))
    if key := wanted.get("key"):
        found &= Q(key_id=key)
    if member := wanted.get("member"):
        found &= _member(member)
    return found


def _read(form: re.Pattern[str], text: str, param: str, example: str) -> tuple[str, ...]:
    match = form.fullmatch(text)
    if match is None:
        raise InvalidRequest(f"{param}: write {example}.", param=param)
    return match.groups()


def _adapter(account: str | None, name: str) -> Q:
    found = Q(version__adapter__name=name)
    return found & Q(version__adapter__account__slug=account) if account else found


def _member(text: str) -> Q:
    if text.startswith(SERVICE):
        return Q(key__service_account__name=text.removeprefix(SERVICE))
    return Q(key__created_by__email=text, key__service_account=None)
