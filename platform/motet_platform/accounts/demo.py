"""The demo account of `motet up`: motet-tiny with its price, its three adapters, and a key.

Safe to repeat. Everything goes the way that a user's own would go; the gate answers once the tasks
process runs.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

from motet_inference.tiny import ADAPTERS, BASE

from motet_platform.accounts.models import Account, User
from motet_platform.accounts.services import account_create, email_vouch
from motet_platform.adapters.files import FILE_NAMES
from motet_platform.adapters.multipart import AdapterFiles
from motet_platform.adapters.receive import Limit, Received
from motet_platform.adapters.services import adapter_create, version_upload
from motet_platform.catalog.services import PriceIn, base_add
from motet_platform.config import get_config
from motet_platform.keys.models import ApiKey
from motet_platform.keys.secret import digest
from motet_platform.keys.services import key_create

SLUG = "demo"
EMAIL = "demo@example.com"
BASE_NAME = "motet-tiny"
PRICE = PriceIn(input=100_000, cached_input=50_000, output=200_000)


def demo_seed() -> dict[str, Any]:
    """What goes into var/demo.json: `api_key`, `email`, `password`, `models`.

    Key and password of an earlier run are kept as long as they work.
    """
    before = _kept(get_config().var / "demo.json")
    base_add(name=BASE_NAME, folder=BASE, price=PRICE)
    account = Account.objects.filter(slug=SLUG).first()
    if account is None:
        account = account_create(email=EMAIL, name="Demo", slug=SLUG).account
    owner = account.users.get(email=EMAIL)
    email_vouch(owner)
    for name, folder in ADAPTERS.items():
        _upload(account, owner, name, folder)
    return {
        "api_key": _key(account, owner, before.get("api_key", "")),
        "email": EMAIL,
        "password": _password(owner, before.get("password", "")),
        "models": [BASE_NAME, *(f"{SLUG}/{name}" for name in ADAPTERS)],
    }


def _kept(path: Path) -> dict[str, str]:
    try:
        kept = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return {k: v for k, v in kept.items() if isinstance(v, str)} if isinstance(kept, dict) else {}


def _upload(account: Account, owner: User, name: str, folder: Path) -> None:
    adapter = account.adapters.filter(name=name, deleted_at=None).first()
    if adapter is None:
        adapter = adapter_create(account=account, name=name, base_model=BASE_NAME)
    files = AdapterFiles()
    try:
        for part, file_name in FILE_NAMES.items():
            data = (folder / file_name).read_bytes()
            files[part] = Received.of([data], Limit.of(part))
        version_upload(adapter=adapter, files=files, created_by=owner)
    finally:
        files.close()


def _key(account: Account, owner: User, kept: str) -> str:
    mine = ApiKey.objects.filter(account=account, revoked_at=None, expires_at=None)
    if kept and mine.filter(digest=digest(kept)).exists():
        return kept
    return key_create(account=account, name="demo", created_by=owner).secret


def _password(owner: User, kept: str) -> str:
    if kept and owner.check_password(kept):
        return kept
    fresh = secrets.token_urlsafe(12)
    owner.set_password(fresh)
    owner.save(update_fields=["password"])
    return fresh
