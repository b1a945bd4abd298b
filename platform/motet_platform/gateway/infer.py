"""POST to an endpoint for tokens: read, run the flow, write what it yields."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

import msgspec

from motet_platform.errors import InternalError, MotetError, Unavailable
from motet_platform.gateway.ask import Ask
from motet_platform.gateway.chat import ChatShape
from motet_platform.gateway.completions import CompletionShape
from motet_platform.gateway.exchange import JSON, NO_STORE, Exchange
from motet_platform.gateway.flow import Flow
from motet_platform.gateway.outcome import ClientGone
from motet_platform.gateway.response_body import RESPONSE
from motet_platform.gateway.responses import ResponseShape
from motet_platform.gateway.schemas import CHAT, COMPLETION, decode
from motet_platform.gateway.services import Services
from motet_platform.gateway.shape import Shape
from motet_platform.gateway.sse import EventStream
from motet_platform.gateway.update import Update

# Log probabilities of more tokens than this take longer to write down than a stream may wait.
_INLINE_LOGPROBS = 500


async def chat_completions(services: Services, exchange: Exchange) -> None:
    """POST /v1/chat/completions."""
    await _infer(services, exchange, CHAT, ChatShape)


async def completions(services: Services, exchange: Exchange) -> None:
    """POST /v1/completions."""
    await _infer(services, exchange, COMPLETION, CompletionShape)


async def responses(services: Services, exchange: Exchange) -> None:
    """POST /v1/responses."""
    await _infer(services, exchange, RESPONSE, ResponseShape)


async def _infer(
    services: Services,
    exchange: Exchange,
    decoder: msgspec.json.Decoder[Any],
    shape_of: Callable[[Ask, str], Shape],
) -> None:
    # The key first: a stranger's body is not even read.
    caller = await services.keys.authenticate(exchange.header(b"authorization"))
    exchange.outcome.account_id, exchange.outcome.key_id = caller.account_id, caller.key_id
    ask: Ask = decode(await exchange.body(services.config.max_body_bytes), decoder).ask()
    exchange.outcome.model, exchange.outcome.streamed = ask.model, ask.stream
    updates = Flow(services, exchange, caller, ask).run()
    shape = shape_of(ask, exchange.request_id)
    with services.metrics.running.track_inprogress():
        if ask.stream:
            await _streamed(services, exchange, shape, updates)
        else:
            await _whole(exchange, shape, updates)


async def _whole(exchange: Exchange, shape: Shape, updates: AsyncGenerator[Update, None]) -> None:
    """One body. Its last byte, a newline, waits until the settlement is on record: a client that
    has read its answer finds it in its usage.
    """
    async with aclosing(updates):
        async for update in updates:
            if update.finished is None or update.usage is None:
                continue
            whole = update.finished, update.usage, update.code
            if sum(len(choice.logprobs) for choice in update.finished.choices) > _INLINE_LOGPROBS:
                body = await asyncio.to_thread(shape.whole, *whole)
            else:
                body = shape.whole(*whole)
            length = (b"content-length", str(len(body) + 1).encode())
            await exchange.start(200, [JSON, NO_STORE, length])
            await exchange.write(body)
            if exchange.gone:
                raise ClientGone
    await exchange.write(b"\n", more=False)


async def _streamed(
    services: Services, exchange: Exchange, shape: Shape, updates: AsyncGenerator[Update, None]
) -> None:
    """Server-sent events. The end waits for the settlement, as the newline above does."""
    stream = EventStream(exchange)
    try:
        async with stream.deadline:
            services.pulse.add(stream)
            async with aclosing(updates):
                async for update in updates:
                    await stream.write(_pieces(shape, update))
    except TimeoutError:
        raise ClientGone from None  # it took nothing for too long
    except (MotetError, asyncio.CancelledError) as error:
        if not stream.opened or exchange.gone:
            raise
        shown = error if isinstance(error, MotetError) else _restarting()
        await stream.write(shape.error(shown, exchange.outcome.usage))
    except ClientGone:
        raise
    except Exception:
        if stream.opened:
            await stream.write(shape.error(InternalError(), exchange.outcome.usage))
            await stream.end(shape.end)
        raise
    finally:
        services.pulse.discard(stream)
    await stream.end(shape.end)


def _restarting() -> Unavailable:
    return Unavailable("The server is restarting.", code="shutdown")


def _pieces(shape: Shape, update: Update) -> bytes:
    pieces = shape.deltas(update.deltas)
    if update.finished is not None and update.usage is not None:
        pieces += shape.finish(update.finished, update.usage, update.code)
    return pieces
