"""Where an import comes from, and how what is secret about that is kept until it ran."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from motet_platform import egress
from motet_platform.adapters.models import Import, Origin
from motet_platform.config import get_config
from motet_platform.egress import EgressRefused
from motet_platform.errors import InvalidRequest, NotBuilt
from motet_platform.sealed import InvalidToken, cipher

_PURPOSE = b"adapter-imports"


@dataclass(frozen=True)
class HubSource:
    """A folder of a repository, at a branch, tag or commit."""

    repository: str
    revision: str
    subfolder: str = ""
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class UrlSource:
    """Two addresses, pre-signed or public. As good as a password where they are pre-signed."""

    config_url: str = field(repr=False)
    model_url: str = field(repr=False)


Source = HubSource | UrlSource


def source_check(source: Source) -> None:
    """NotBuilt where the operator has switched the kind off; InvalidRequest for an address that is
    refused by its form alone."""
    config = get_config()
    if isinstance(source, HubSource):
        if not config.hub_url:
            raise NotBuilt(
                "Imports from a hub are off here (MOTET_HUB_URL): upload the two files.",
                code="hub_off",
            )
        return
    if not config.import_urls:
        raise NotBuilt(
            "Imports from URLs are off here (MOTET_IMPORT_URLS): upload the two files.",
            code="url_import_off",
        )
    for name, url in (("adapter_config", source.config_url), ("adapter_model", source.model_url)):
        try:
            egress.parse(url, private=config.import_private)
        except EgressRefused as error:
            raise InvalidRequest(
                str(error), code="import_host_refused", param=f"urls.{name}"
            ) from None


def source_row(source: Source) -> Import:
    """An unsaved row that tells where the import comes from, with the secret sealed."""
    if isinstance(source, HubSource):
        return Import(
            kind=Origin.HUB,
            host=urlsplit(get_config().hub_url).hostname or "",
            repository=source.repository,
            revision=source.revision,
            subfolder=source.subfolder,
            secret=_seal([source.token]) if source.token else "",
        )
    return Import(
        kind=Origin.URLS,
        host=urlsplit(source.model_url).hostname or "",
        secret=_seal([source.config_url, source.model_url]),
    )


def source_of(row: Import) -> Source | None:
    """None where the secret cannot be opened: MOTET_SECRET_KEY is another one than it was."""
    try:
        secrets = json.loads(cipher(_PURPOSE).decrypt(row.secret)) if row.secret else [None]
    except InvalidToken:
        return None
    if row.kind == Origin.HUB:
        return HubSource(row.repository, row.revision, row.subfolder, secrets[0])
    return UrlSource(*secrets)


def _seal(secrets: list[str]) -> str:
    return cipher(_PURPOSE).encrypt(json.dumps(secrets).encode()).decode()
