"""From a model's name to a base, a price and perhaps an adapter version."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from motet_billing.pricing import Price

from motet_platform.errors import ModelNotFound, PermissionDenied
from motet_platform.gateway.cache import Cache
from motet_platform.gateway.caller import Adapter, Caller, Route
from motet_platform.gateway.database import Database

_PART = r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?"
_BASE = re.compile(_PART, re.ASCII)
_ADAPTER = re.compile(
    rf"(?:accounts/(?P<a>{_PART})/models/|(?P<b>{_PART})/)(?P<name>{_PART})"
    r"(?:@(?P<version>[1-9][0-9]{0,8})|:(?P<alias>[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?))?",
    re.ASCII,
)

_PRICE = """
  JOIN LATERAL (
       SELECT * FROM billing_priceversion
        WHERE sku = b.name AND valid_from <= now() ORDER BY valid_from DESC LIMIT 1) p ON true
"""
_BASE_QUERY = f"""
SELECT b.name, p.id, p.input, p.cached_input, p.output
  FROM catalog_basemodel b {_PRICE} WHERE b.name = %s AND b.active
"""  # noqa: S608 (constant text)
_VERSION_QUERY = f"""
SELECT b.name, p.id, p.input, p.cached_input, p.output, v.id, v.number, v.digest, v.uri, v.rank, 1
  FROM adapters_adapter d
  JOIN adapters_version v ON v.adapter_id = d.id
  JOIN catalog_basemodel b ON b.id = d.base_id {_PRICE}
 WHERE d.account_id = %s AND d.name = %s AND d.deleted_at IS NULL
   AND v.number = %s AND v.state = 'ready' AND b.active
"""  # noqa: S608
_ALIAS_QUERY = f"""
SELECT b.name, p.id, p.input, p.cached_input, p.output, v.id, v.number, v.digest, v.uri, v.rank,
       t.weight
  FROM adapters_adapter d
  JOIN adapters_alias l ON l.adapter_id = d.id
  JOIN adapters_aliastarget t ON t.alias_id = l.id
  JOIN adapters_version v ON v.id = t.version_id
  JOIN catalog_basemodel b ON b.id = d.base_id {_PRICE}
 WHERE d.account_id = %s AND d.name = %s AND d.deleted_at IS NULL
   AND l.name = %s AND v.state = 'ready' AND b.active
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Name:
    """A model's name, read. `owner` is None for a base."""

    owner: str | None
    name: str
    version: int | None = None
    alias: str = "default"

    @property
    def bare(self) -> str:
        """The name without version and alias, in its short form."""
        return self.name if self.owner is None else f"{self.owner}/{self.name}"


def parse(model: str) -> Name | None:
    """`base`, `acct/name`, `acct/name@3`, `acct/name:alias`, `accounts/acct/models/name...`."""
    if _BASE.fullmatch(model):
        return Name(None, model)
    match = _ADAPTER.fullmatch(model)
    if match is None:
        return None
    version = match["version"]
    return Name(
        match["a"] or match["b"],
        match["name"],
        version=int(version) if version else None,
        alias=match["alias"] or "default",
    )


@dataclass(frozen=True, slots=True)
class _Choice:
    """The versions that a name may lead to, with their shares of the traffic."""

    routes: list[Route]
    weights: list[int]


class Routes:
    """Names of one account, cached for seconds and dropped by notice. Misses are never cached."""

    def __init__(
        self, database: Database, *, ttl_s: float, draw: Callable[[], float] = random.random
    ) -> None:
        self._database = database
        self._cache: Cache[tuple[int, str], _Choice] = Cache(ttl_s=ttl_s)
        self._draw = draw

    async def route_for(self, caller: Caller, model: str) -> Route:
        """Where `model` leads for this caller.

        Another tenant's name takes the same path as a name that nobody has: one query among the
        caller's own, and ModelNotFound. Raises PermissionDenied for what the key does not list.
        """
        name = parse(model)
        if name is None:
            raise ModelNotFound(model)
        key = (caller.account_id, model)
        choice = await self._cache.get(key, lambda: self._load(caller, name))
        if choice is None:
            raise ModelNotFound(model)
        if caller.models is not None and not {model, name.bare} & caller.models:
            raise PermissionDenied(
                f"This key may not use the model `{model}`.", code="model_not_allowed"
            )
        return replace(self._drawn(choice), model=model)

    def forget(self, account_id: str) -> None:
        """Routes of an account have changed (notice `motet_routes`); "" or "0" is all of them."""
        if account_id.isdigit() and int(account_id):
            self._cache.drop_where(lambda key: key[0] == int(account_id))
        else:
            self.forget_all()

    def forget_all(self) -> None:
        """Notices may have been missed, or a base has changed."""
        self._cache.clear()

    def _drawn(self, choice: _Choice) -> Route:
        if len(choice.routes) == 1:
            return choice.routes[0]
        point = self._draw() * sum(choice.weights)
        for route, weight in zip(choice.routes, choice.weights, strict=True):
            point -= weight
            if point < 0:
                return route
        return choice.routes[-1]

    async def _load(self, caller: Caller, name: Name) -> _Choice | None:
        if name.owner is None:
            rows = await self._database.fetch(_BASE_QUERY, (name.name,))
        else:
            # A stranger's name becomes one that no adapter can have: the query is the same.
            own = name.name if name.owner == caller.account_slug else f"{name.owner}/{name.name}"
            query, which = (
                (_ALIAS_QUERY, name.alias)
                if name.version is None
                else (_VERSION_QUERY, name.version)
            )
            rows = await self._database.fetch(query, (caller.account_id, own, which))
        if not rows:
            return None
        return _Choice([_route(row) for row in rows], [row[10] if row[5:] else 1 for row in rows])


def _route(row: tuple[object, ...]) -> Route:
    base, price_id, *prices = row[:5]
    assert isinstance(base, str) and isinstance(price_id, int)
    given, cached, output = (int(str(p)) for p in prices)
    route = Route(
        model=base,
        base=base,
        price=Price(version_id=price_id, sku=base, input=given, cached_input=cached, output=output),
    )
    if not row[5:]:
        return route
    version_id, number, digest, uri, rank = row[5:10]
    assert isinstance(version_id, int) and isinstance(number, int) and isinstance(rank, int)
    return replace(
        route,
        version_id=version_id,
        version=number,
        adapter=Adapter(digest=str(digest), uri=str(uri), rank=rank),
    )
