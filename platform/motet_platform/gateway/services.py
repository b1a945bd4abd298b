"""What a gateway process holds for all of its requests, from its start to its end."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass

from motet_billing.writer import LedgerWriter

from motet_platform.config import Config
from motet_platform.fleet.fleet import Fleet
from motet_platform.gateway.auth import Authenticator
from motet_platform.gateway.config import GatewayConfig
from motet_platform.gateway.database import Database
from motet_platform.gateway.identity import Salts
from motet_platform.gateway.limits import Limits
from motet_platform.gateway.listener import Listener
from motet_platform.gateway.metrics import Metrics
from motet_platform.gateway.routes import Routes
from motet_platform.gateway.sse import Pulse
from motet_platform.metering.sink import usage_insert


@dataclass(frozen=True, slots=True)
class Services:
    """Build with `Services.build`, then `start`; `close` lets running settlements finish."""

    config: GatewayConfig
    database: Database
    listener: Listener
    keys: Authenticator
    routes: Routes
    limits: Limits
    fleet: Fleet
    ledger: LedgerWriter
    pulse: Pulse
    salts: Salts
    metrics: Metrics

    @classmethod
    def build(cls, platform: Config, config: GatewayConfig) -> Services:
        """Everything from configuration; nothing is connected yet."""
        dsn = platform.require_database_url()
        # Unique per process life: a successor never takes over a dead gateway's holds.
        gateway_id = f"{socket.gethostname()}-{os.getpid()}-{os.urandom(4).hex()}"
        database = Database(dsn)
        keys = Authenticator(database, ttl_s=config.cache_s)
        routes = Routes(database, ttl_s=config.cache_s)

        def forget_all() -> None:
            keys.forget_all()
            routes.forget_all()

        fleet = Fleet(platform.workers, gateway_id=gateway_id)
        return cls(
            config=config,
            database=database,
            listener=Listener(
                dsn, {"motet_keys": keys.forget, "motet_routes": routes.forget}, gap=forget_all
            ),
            keys=keys,
            routes=routes,
            limits=Limits(
                rpm=config.requests_per_minute,
                tpm=config.tokens_per_minute,
                streams=config.streams_per_account,
                redis_url=platform.redis_url,
            ),
            fleet=fleet,
            ledger=LedgerWriter(
                dsn, owner=gateway_id, lease_s=config.lease_s, usage_insert=usage_insert
            ),
            pulse=Pulse(idle_s=config.keep_alive_s, send_s=config.send_s),
            salts=Salts(platform.require_secret_key()),
            metrics=Metrics(workers_ready=lambda: fleet.ready),
        )

    async def start(self) -> None:
        """Begin everything that runs in the background."""
        await self.ledger.start()
        await self.listener.start()
        await self.keys.start()
        await self.fleet.start()
        await self.pulse.start()

    async def close(self) -> None:
        """Stop; the ledger goes last, so that every settlement reaches it."""
        await self.pulse.close()
        await self.fleet.close()
        await self.listener.close()
        await self.keys.close()
        await self.ledger.close()
        await self.limits.close()
        await self.database.close()
