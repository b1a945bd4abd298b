"""Runs a gateway process."""

from __future__ import annotations

import asyncio
import sys

import uvicorn
import uvloop

from motet_platform.config import Config, get_config
from motet_platform.gateway.config import GatewayConfig
from motet_platform.gateway.single import SecondGateway, single_gateway


def serve() -> int:
    """Serve until SIGTERM or SIGINT, then let open streams end. Returns the exit status.

    Refuses, with a sentence on stderr, to be a second gateway without Redis.
    """
    config = get_config()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_serve(config, GatewayConfig()))
    except SecondGateway as error:
        print(f"motet gateway: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


async def _serve(config: Config, gateway: GatewayConfig) -> int:
    server = uvicorn.Server(
        uvicorn.Config(
            "motet_platform.gateway.app:application",
            host=config.host,
            port=config.port,
            http="httptools",
            ws="none",
            lifespan="on",
            access_log=False,
            server_header=False,
            # The address of a client is what the socket says: no header may claim another.
            proxy_headers=False,
            timeout_graceful_shutdown=gateway.drain_s,
            log_config=None,
        )
    )
    async with single_gateway(config):
        await server.serve()
    return 0 if server.started else 1
