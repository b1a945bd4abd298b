"""What an operator may tune on a gateway: environment variables under MOTET_GATEWAY_."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

Positive = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0)]


class GatewayConfig(BaseSettings):
    """Limits and times of one gateway process; a bad value stops it at its start."""

    model_config = SettingsConfigDict(
        env_prefix="MOTET_GATEWAY_", frozen=True, env_ignore_empty=True
    )

    requests_per_minute: Positive = 60_000  # for keys without a limit of their own
    tokens_per_minute: Positive = 20_000_000
    streams_per_account: Positive = 512  # at once, in this process
    # Below gRPC's and PostgreSQL's own limits; JSON never shrinks when it becomes a message.
    max_body_bytes: Annotated[int, Field(ge=1024, le=32 * 1024 * 1024)] = 4 * 1024 * 1024
    lease_s: Seconds = 45.0  # a gateway that is dead this long has lost its holds to the sweeper
    cache_s: Seconds = 4.0  # a revoked key lives no longer than this, even with its notice lost
    keep_alive_s: Seconds = 15.0  # silence on a stream before a comment is written
    send_s: Seconds = 60.0  # a client that takes nothing for this long is cut off
    worker_wait_s: Seconds = 15.0  # for a request's second try, after its worker was lost
    drain_s: Annotated[int, Field(ge=0)] = 30  # for open streams, after SIGTERM
