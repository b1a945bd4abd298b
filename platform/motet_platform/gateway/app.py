"""The process's ASGI application: inference here, before any middleware; the rest is Django's."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from motet_platform.config import get_config
from motet_platform.errors import (
    InternalError,
    MethodNotAllowed,
    MotetError,
    NotBuilt,
    NotFound,
    Unavailable,
)
from motet_platform.fleet.reach import SCOPE_KEY
from motet_platform.gateway import health, infer, models
from motet_platform.gateway.config import GatewayConfig
from motet_platform.gateway.exchange import Exchange, Receive, Scope, Send
from motet_platform.gateway.journal import record
from motet_platform.gateway.outcome import ClientGone
from motet_platform.gateway.services import Services

log = logging.getLogger(__name__)

ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Handler = Callable[[Services, Exchange], Awaitable[None]]

_OTHER_ROOT = "/inference"
_LAST_WORDS_S = 5.0


async def _not_supported(services: Services, exchange: Exchange) -> None:
    await services.keys.authenticate(exchange.header(b"authorization"))
    raise NotBuilt(
        f"`{exchange.path}` is not supported here; use /v1/chat/completions.",
        code="not_supported",
        headers={"x-should-retry": "false"},  # clients retry a 501 otherwise
    )


_ROUTES: dict[str, tuple[str, Handler]] = {
    "/v1/chat/completions": ("POST", infer.chat_completions),
    "/v1/completions": ("POST", infer.completions),
    "/v1/models": ("GET", models.list_models),
    "/v1/responses": ("POST", infer.responses),
    "/v1/embeddings": ("POST", _not_supported),
    "/healthz": ("GET", health.healthz),
    "/readyz": ("GET", health.readyz),
    "/metrics": ("GET", health.metrics),
}


class Gateway:
    """Dispatches by path. `django` takes everything that is not named above."""

    def __init__(
        self,
        *,
        services: Callable[[], Services] | None = None,
        django: Callable[[], ASGIApp] | None = None,
    ) -> None:
        self._build_services = services or _services
        self._build_django = django or _django
        self._services: Services | None = None
        self._django: ASGIApp | None = None
        self._running: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            endpoint, route = _find(scope["path"])
            if route is None and not endpoint:
                assert self._django is not None, "the lifespan comes first"
                assert self._services is not None
                survey = self._services.fleet.survey
                await self._django({**scope, SCOPE_KEY: survey}, receive, send)
            else:
                await self._serve(endpoint, route, Exchange(scope, receive, send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self._services = self._build_services()
            self._django = self._build_django()
            await self._services.start()
        except Exception as error:
            log.exception("the gateway did not start")
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self._running:
            # The server has cut them off; each still has its settlement to make.
            await asyncio.wait(self._running, timeout=_LAST_WORDS_S)
        await self._services.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(
        self, endpoint: str, route: tuple[str, Handler] | None, exchange: Exchange
    ) -> None:
        assert self._services is not None, "the lifespan comes first"
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            if exchange.method == "OPTIONS":
                await exchange.preflight()
                return
            await _handle(self._services, route, exchange)
        except ClientGone as error:
            exchange.outcome.failed(error)
        except MotetError as error:
            await exchange.refuse(error)
        except asyncio.CancelledError:
            # The process ends, and with it this task: there is nobody to tell but the client.
            if not exchange.answered:
                await exchange.refuse(Unavailable("The server is restarting.", code="shutdown"))
        except Exception:
            # Never the exception's own text: it may hold what belongs to someone.
            log.exception("%s failed", exchange.request_id)
            if not exchange.answered:
                await exchange.refuse(InternalError())
        finally:
            exchange.close()
            self._running.discard(task)
            record(self._services.metrics, endpoint, exchange)


async def _handle(
    services: Services, route: tuple[str, Handler] | None, exchange: Exchange
) -> None:
    if route is None:
        raise NotFound(f"`{exchange.method} {exchange.path[:200]}` is not known here.")
    method, handler = route
    if exchange.method != method:
        allow = {"allow": f"{method}, OPTIONS"}
        raise MethodNotAllowed(f"Use {method} for this address.", headers=allow)
    await handler(services, exchange)


def _find(path: str) -> tuple[str, tuple[str, Handler] | None]:
    """The endpoint's name for the books and its handler; "" for what is Django's."""
    other = path.startswith(_OTHER_ROOT + "/")
    path = path.removeprefix(_OTHER_ROOT) if other else path
    if path in _ROUTES and not (other and not path.startswith("/v1/")):
        return path, _ROUTES[path]
    if path.startswith("/v1/models/") and len(path) > len("/v1/models/"):
        return "/v1/models/{id}", ("GET", models.get_model)
    return ("unknown" if other else ""), None


def _services() -> Services:
    return Services.build(get_config(), GatewayConfig())


def _django() -> ASGIApp:
    # Imported late: it reads the settings and loads every Django app.
    from motet_platform.asgi import application

    return application


application = Gateway()
