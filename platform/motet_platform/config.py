"""The platform's configuration: environment variables under MOTET_, read once, frozen.

A bad value stops the process at its start with the variable's name; nothing is swallowed.
"""

from __future__ import annotations

import os
import secrets
from decimal import Decimal
from email.utils import parseaddr
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import quote, urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Words = Annotated[tuple[str, ...], NoDecode]


class ConfigError(Exception):
    """A setting is missing or wrong; the message names the variable and says what to set."""


class Config(BaseSettings):
    """What a process of the platform may be told. `Config()` reads the environment."""

    model_config = SettingsConfigDict(env_prefix="MOTET_", frozen=True, env_ignore_empty=True)

    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    host: str = "127.0.0.1"
    var: Path = Path("var")
    database_url: str | None = None
    redis_url: str | None = None
    secret_key: str | None = None
    workers: Words = ()
    store: str = ""  # file:///folder or s3://bucket/prefix; empty becomes file://<var>/store
    s3_endpoint: str | None = None
    public_url: str = ""
    # The longest pause before `motet up` starts a process anew that dies again and again.
    restart_pause_s: Annotated[float, Field(ge=0.2, le=600)] = 10
    stripe: Literal["off", "sandbox", "live"] = "off"
    stripe_api_key: str | None = None
    stripe_webhook_secret: str | None = None
    stripe_tax: bool = False  # Stripe works out tax and adds it to top-ups
    stripe_url: str | None = None  # of the sandbox; set by `motet up`
    signup_credit_usd: Annotated[Decimal, Field(ge=0, le=1_000)] = Decimal(5)
    max_upload_bytes: Annotated[int, Field(ge=1)] = 4 * 1024**3
    max_rank: Annotated[int, Field(ge=1, le=512)] = 64
    account_storage_bytes: Annotated[int, Field(ge=1)] = 50 * 1024**3
    webhook_private: bool = False  # tenants' webhooks may lead into this network, by http too
    # Where imports from a hub come from, `http(s)://host[/path]`; set to nothing, there are none.
    hub_url: str = Field(default_factory=lambda: _hub_url())
    import_urls: bool = True  # imports from pre-signed or public URLs
    import_private: bool = False  # imports and a hub's redirects may lead into this network
    import_timeout_s: Annotated[float, Field(ge=1, le=86_400)] = 1800  # of a whole import
    four_eyes: bool = False  # an adjustment of credit takes two of the staff
    worker_cost_usd_per_hour: Annotated[Decimal, Field(ge=0, le=10_000)] = Decimal(0)
    debug: bool = False
    allowed_hosts: Words = ()
    signup: Literal["open", "closed"] = "open"
    signups_per_hour: Annotated[int, Field(ge=1, le=10_000)] = 10  # from one address
    session_days: Annotated[int, Field(ge=1, le=90)] = 14
    # How many proxies stand before the gateway and append to X-Forwarded-For; 0: none is believed.
    trusted_proxies: Annotated[int, Field(ge=0, le=10)] = 0
    smtp_url: str | None = None  # smtp://user:password@host:587 (STARTTLS) or smtps://...:465
    mail_from: str = "Motet <motet@localhost>"
    github_client_id: str | None = None
    github_client_secret: str | None = None
    google_client_id: str | None = None
    google_client_secret: str | None = None

    @field_validator("workers", "allowed_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return (
            tuple(w.strip() for w in value.split(",") if w.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("workers")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            host, _, port = address.rpartition(":")
            if not host or not port.isdigit() or not 0 < int(port) < 65536:
                raise ValueError(f"{address!r} is not host:port")
        return value

    @field_validator("database_url")
    @classmethod
    def _postgres(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("postgresql://", "postgres://")):
            raise ValueError("only PostgreSQL is supported: postgresql://user@host/name")
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("give redis://, rediss:// or unix://")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: str | None) -> str | None:
        if value is not None:
            address = urlsplit(value)
            if address.scheme not in ("smtp", "smtps") or not address.hostname:
                raise ValueError("give smtp://user:password@host:587 or smtps://...")
            if bool(address.username) != bool(address.password):
                raise ValueError("give both user and password, or neither")
        return value

    @field_validator("hub_url")
    @classmethod
    def _hub(cls, value: str) -> str:
        address = urlsplit(value)
        if value and (address.scheme not in ("http", "https") or not address.hostname):
            raise ValueError("give https://host, or set it to nothing to switch the hub off")
        assert address.port is None or address.port > 0, "give a port from 1 to 65535"
        if address.username or address.password or address.query or address.fragment:
            raise ValueError("give an address without user, password, query and fragment")
        return value.rstrip("/")

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        if "@" not in parseaddr(value)[1] or "\n" in value:
            raise ValueError("give an address, such as Motet <motet@example.com>")
        return value

    @model_validator(mode="after")
    def _derive(self) -> Self:
        # Frozen from here on; derived defaults are filled while the object is being made.
        fill = self.__dict__
        fill["var"] = self.var.expanduser().absolute()
        fill["store"] = (self.store or f"file://{quote(str(self.var))}/store").rstrip("/")
        given = urlsplit(self.public_url.rstrip("/"))
        if self.public_url and (
            given.scheme not in ("http", "https") or not given.hostname or given.path
        ):
            raise ValueError("MOTET_PUBLIC_URL: give https://host, without a path")
        fill["public_url"] = (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")
        if not self.store.startswith(("file:///", "s3://")):
            raise ValueError("MOTET_STORE: give file:///absolute/folder or s3://bucket/prefix")
        for provider in ("github", "google"):
            pair = [getattr(self, f"{provider}_client_{half}") for half in ("id", "secret")]
            if (pair[0] is None) != (pair[1] is None):
                name = f"MOTET_{provider.upper()}_CLIENT"
                raise ValueError(f"{name}_ID and {name}_SECRET: set both or neither")
        return self

    @model_validator(mode="after")
    def _payments(self) -> Self:
        if self.stripe == "sandbox":
            # Anybody can pay there with a made-up card, so nobody else may reach it.
            for name, host in (("HOST", self.host), ("STRIPE_URL", _host(self.stripe_url))):
                if host not in (None, "127.0.0.1", "::1", "localhost"):
                    raise ValueError(
                        f"MOTET_STRIPE=sandbox gives credit for test cards, so it serves this "
                        f"machine alone: MOTET_{name} cannot be {host!r} (or set MOTET_STRIPE=off)"
                    )
        if self.stripe == "live":
            if not (self.stripe_api_key or "").startswith(("sk_", "rk_")):
                raise ValueError("MOTET_STRIPE=live needs MOTET_STRIPE_API_KEY (sk_... or rk_...)")
            if not (self.stripe_webhook_secret or "").startswith("whsec_"):
                raise ValueError("MOTET_STRIPE=live needs MOTET_STRIPE_WEBHOOK_SECRET (whsec_...)")
            if self.stripe_url is not None:
                raise ValueError("MOTET_STRIPE_URL is the sandbox's: unset it for live")
        return self

    def require_database_url(self) -> str:
        if self.database_url is None:
            raise ConfigError(
                "MOTET_DATABASE_URL is not set. Give a PostgreSQL address, or use `motet up`, "
                "which brings its own server."
            )
        return self.database_url

    def require_secret_key(self) -> str:
        """The configured key, else the one kept in <var>/secret.key (made at the first call)."""
        return self.secret_key or _kept_secret(self.var / "secret.key")


def _hub_url() -> str:
    # Elsewhere an empty variable is as good as none; this one it switches off.
    return "" if os.environ.get("MOTET_HUB_URL") == "" else "https://huggingface.co"


def _host(url: str | None) -> str | None:
    return urlsplit(url).hostname if url else None


def _kept_secret(path: Path) -> str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        kept = path.read_text().strip()
        if len(kept) < 32:
            raise ConfigError(f"{path} is damaged: remove it or set MOTET_SECRET_KEY") from None
        return kept
    except OSError as error:
        raise ConfigError(f"cannot keep a key in {path} ({error}): set MOTET_SECRET_KEY") from error
    fresh = secrets.token_urlsafe(48)
    with os.fdopen(handle, "w") as file:
        file.write(fresh)
    return fresh


@cache
def get_config() -> Config:
    """The process's one configuration."""
    return Config()
