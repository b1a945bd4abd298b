"""From the Authorization header to a Caller, without a query for a key seen seconds ago."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

from motet_platform.errors import InvalidApiKey, MotetError, PermissionDenied
from motet_platform.gateway.cache import Cache
from motet_platform.gateway.caller import Caller
from motet_platform.gateway.database import Database
from motet_platform.keys import scopes, secret

log = logging.getLogger(__name__)

_TOUCH_S = 30.0

_BY_DIGEST = """
SELECT a.id, a.slug, w.id, k.id, k.scopes, k.models, k.requests_per_minute, k.tokens_per_minute,
       k.expires_at, a.suspended_at IS NOT NULL
  FROM keys_apikey k
  JOIN accounts_account a ON a.id = k.account_id
  JOIN billing_wallet w ON w.account_id = a.id
 WHERE k.digest = %s AND k.revoked_at IS NULL
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
        """The caller behind a Bearer key, allowed to infer.

        Raises InvalidApiKey, PermissionDenied, and Unavailable when the database is away: what
        cannot be checked is not let in.
        """
        scheme, _, key = (authorization or "").partition(" ")
        key = key.strip()
        if scheme.lower() != "bearer" or not secret.well_formed(key):
            raise InvalidApiKey
        digest = secret.digest(key)
        caller = await self._callers.get(digest, lambda: self._load(digest))
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

    async def _load(self, digest: bytes) -> Caller | None:
        rows = await self._database.fetch(_BY_DIGEST, (digest,))
        if not rows:
            return None
        account, slug, wallet, key, granted, models, rpm, tpm, expires, suspended = rows[0]
        return Caller(
            account_id=account,
            account_slug=slug,
            wallet_id=wallet,
            key_id=key,
            scopes=frozenset(granted),
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
