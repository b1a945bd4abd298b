"""GET /v1/models and /v1/models/{id}: the bases, and the caller's own adapters that are ready."""

from __future__ import annotations

from typing import Any

from motet_platform.errors import ModelNotFound, PermissionDenied
from motet_platform.gateway.caller import Caller, Route
from motet_platform.gateway.exchange import Exchange
from motet_platform.gateway.services import Services

_OWNER = "motet"

_BASES = """
SELECT name, extract(epoch FROM created_at)::bigint, context_length
  FROM catalog_basemodel WHERE active ORDER BY name
"""
# An adapter is there when its default alias leads to a ready version.
_ADAPTERS = """
SELECT DISTINCT ON (d.name) d.name, extract(epoch FROM d.created_at)::bigint, b.name,
       b.context_length, v.number, v.digest, v.rank
  FROM adapters_adapter d
  JOIN catalog_basemodel b ON b.id = d.base_id AND b.active
  JOIN adapters_alias l ON l.adapter_id = d.id AND l.name = 'default'
  JOIN adapters_aliastarget t ON t.alias_id = l.id
  JOIN adapters_version v ON v.id = t.version_id AND v.state = 'ready'
 WHERE d.account_id = %s AND d.deleted_at IS NULL
 ORDER BY d.name, t.weight DESC, v.number DESC
"""


async def list_models(services: Services, exchange: Exchange) -> None:
    """GET /v1/models."""
    caller = await _caller(services, exchange)
    data = [m for m in await _models(services, caller) if _allowed(caller, m["id"])]
    await exchange.answer_json({"object": "list", "data": data})


async def get_model(services: Services, exchange: Exchange) -> None:
    """GET /v1/models/{id}; the id may hold slashes, and a version or an alias."""
    caller = await _caller(services, exchange)
    name = exchange.path.split("/models/", 1)[1]
    known = {model["id"]: model for model in await _models(services, caller)}
    if name in known and _allowed(caller, name):
        await exchange.answer_json(known[name])
        return
    # A spelling of its own: a version, an alias or the long form.
    try:
        route = await services.routes.route_for(caller, name)
    except PermissionDenied:
        raise ModelNotFound(name) from None
    await exchange.answer_json(_routed(caller, route, known))


async def _caller(services: Services, exchange: Exchange) -> Caller:
    caller = await services.keys.authenticate(exchange.header(b"authorization"))
    exchange.outcome.account_id, exchange.outcome.key_id = caller.account_id, caller.key_id
    return caller


async def _models(services: Services, caller: Caller) -> list[dict[str, Any]]:
    bases = await services.database.fetch(_BASES)
    adapters = await services.database.fetch(_ADAPTERS, (caller.account_id,))
    models = [_model(name, created, _OWNER, context) for name, created, context in bases]
    for name, created, base, context, version, digest, rank in adapters:
        model = _model(f"{caller.account_slug}/{name}", created, caller.account_slug, context)
        models.append(model | _adapter(model["id"], base, version, digest, rank))
    return models


def _routed(caller: Caller, route: Route, known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    base = known.get(route.base, {})
    created, context = base.get("created", 0), base.get("context_length", 0)
    if route.adapter is None or route.version is None:
        return _model(route.model, created, _OWNER, context)
    model = _model(route.model, created, caller.account_slug, context)
    bare = route.model.removeprefix("accounts/").replace("/models/", "/")
    bare = bare.split("@")[0].split(":")[0]
    return model | _adapter(
        bare, route.base, route.version, route.adapter.digest, route.adapter.rank
    )


def _model(name: str, created: int, owner: str, context: int) -> dict[str, Any]:
    return {
        "id": name,
        "object": "model",
        "created": created,
        "owned_by": owner,
        "root": name,
        "parent": None,
        "context_length": context,
    }


def _adapter(bare: str, base: str, version: int, digest: str, rank: int) -> dict[str, Any]:
    return {
        "root": f"{bare}@{version}",
        "parent": base,
        "adapter": {"version": version, "digest": digest, "rank": rank},
    }


def _allowed(caller: Caller, name: str) -> bool:
    return caller.models is None or name in caller.models
