"""From the Authorization header to a Caller, without a query for a key seen seconds ago."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

from motet_platform.accounts.roles import SCOPES
from motet_platform.errors import InvalidApiKey, MotetError, PermissionDenied
from motet_platform.gateway.cache import Cache
from motet_platform.gateway.caller import Caller
from motet_platform.gateway.database import Database
from motet_platform.keys import scopes, secret

log = logging.getLogger(__name__)

_TOUCH_S = 30.0

_COLUMNS = """
SELECT a.id, a.slug, w.id, k.id, k.models, k.requests_per_minute, k.tokens_per_minute,
       a.suspended_at IS NOT NULL"""
_BY_DIGEST = f"""{_COLUMNS}, k.expires_at, k.scopes
  FROM keys_apikey k
  JOIN accounts_account a ON a.id = k.account_id
  JOIN billing_wallet w ON w.account_id = a.id
 WHERE k.digest = %s AND k.revoked_at IS NULL AND a.deleted_at IS NULL
"""
# A signed-in member's token: the scopes are those of the role.
_BY_TOKEN = f"""{_COLUMNS}, least(t.expires_at, s.expire_date), m.role
  FROM keys_sessiontoken t
  JOIN django_session s ON s.session_key = t.session_key AND s.expire_date > now()
  JOIN accounts_membership m ON m.id = t.membership_id
  JOIN accounts_user u ON u.id = m.user_id AND u.is_active
  JOIN keys_apikey k ON k.id = t.key_id
  JOIN accounts_account a ON a.id = k.account_id
  JOIN billing_wallet w ON w.account_id = a.id
 WHERE t.digest = %s AND t.expires_at > now() AND k.revoked_at IS NULL AND a.deleted_at IS NULL
"""
_TOUCH = "UPDATE keys_apikey SET last_used_at = now() WHERE id = ANY(%s)"


class Authenticator:
    """Keys by digest. Unknown keys are looked up each time: a new key works at once."""

    def __init__(self, database: Database, *, ttl_s: float) -> None:
        self._database = database
        self._callers: Cache[bytes, Caller] = Cache(ttl_s=ttl_s)
        self._used: set[int] = set()
        self._toucher: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin writing `last_used_at`, coarsely."""
        self._toucher = asyncio.create_task(self._touch(), name="key touches")

    async def close(self) -> None:
        """Stop, and write what is left."""
        if self._toucher is not None:
            self._toucher.cancel()
            await asyncio.gather(self._toucher, return_exceptions=True)
            await self._write_touches()

    async def authenticate(self, authorization: str | None) -> Caller:
        """The caller behind a Bearer key or a member's token, allowed to infer.

        Raises InvalidApiKey, PermissionDenied, and Unavailable when the database is away: what
        cannot be checked is not let in.
        """
        scheme, _, key = (authorization or "").partition(" ")
        key = key.strip()
        if scheme.lower() != "bearer" or not secret.well_formed(key):
            raise InvalidApiKey
        digest = secret.digest(key)
        query = _BY_TOKEN if secret.is_session(key) else _BY_DIGEST
        caller = await self._callers.get(digest, lambda: self._load(query, digest))
        if caller is None or _expired(caller):
            raise InvalidApiKey
        if caller.suspended:
            raise PermissionDenied("This account is suspended.", code="account_suspended")
        if scopes.INFERENCE not in caller.scopes:
            raise PermissionDenied("This key lacks the scope `inference`.")
        self._used.add(caller.key_id)
        return caller

    def forget(self, digest_hex: str) -> None:
        """A key has changed (notice `motet_keys`); an unreadable notice forgets all of them."""
        try:
            self._callers.drop(bytes.fromhex(digest_hex))
        except ValueError:
            self.forget_all()

    def forget_all(self) -> None:
        """Notices may have been missed."""
        self._callers.clear()

    async def _load(self, query: str, digest: bytes) -> Caller | None:
        rows = await self._database.fetch(query, (digest,))
        if not rows:
            return None
        account, slug, wallet, key, models, rpm, tpm, suspended, expires, granted = rows[0]
        return Caller(
            account_id=account,
            account_slug=slug,
            wallet_id=wallet,
            key_id=key,
            scopes=SCOPES[granted] if isinstance(granted, str) else frozenset(granted),
            models=None if models is None else frozenset(models),
            rpm=rpm,
            tpm=tpm,
            expires_at=expires,
            suspended=suspended,
        )

    async def _touch(self) -> None:
        while True:
            await asyncio.sleep(_TOUCH_S)
            await self._write_touches()

    async def _write_touches(self) -> None:
        used, self._used = self._used, set()
        if not used:
            return
        try:
            await self._database.execute(_TOUCH, (list(used),))
        except MotetError:
            log.info("last_used_at of %d keys was not written", len(used))


def _expired(caller: Caller) -> bool:
    return caller.expires_at is not None and caller.expires_at <= datetime.now(UTC)
