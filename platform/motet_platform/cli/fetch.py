"""`motet adapters import`."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from motet_platform.cli.client import adapter_path, api, check
from motet_platform.cli.output import Json, fail, note
from motet_platform.cli.push import wait as wait_for
from motet_platform.cli.version import bar, ensure_adapter, report


def fetch(
    name: Annotated[str, typer.Argument(help="The adapter's name, without your account's.")],
    hub: Annotated[str, typer.Option(help="A repository of the server's hub, owner/name.")] = "",
    revision: Annotated[str, typer.Option(help="A branch, tag or commit of it.")] = "main",
    subfolder: Annotated[str, typer.Option(help="The folder in it that has the files.")] = "",
    token_env: Annotated[
        str, typer.Option(help="The variable that holds a token for it, such as HF_TOKEN.")
    ] = "",
    config_url: Annotated[
        str, typer.Option(help="adapter_config.json, at a pre-signed or public address.")
    ] = "",
    weights_url: Annotated[str, typer.Option(help="adapter_model.safetensors, likewise.")] = "",
    base: Annotated[str, typer.Option(help="Its base model; needed for a new adapter.")] = "",
    wait: Annotated[bool, typer.Option(help="Until it can be called, or is refused.")] = True,
    timeout: Annotated[float, typer.Option(help="Seconds that --wait waits.")] = 3600.0,
    as_json: Json = False,
) -> None:
    """Make a new version from a hub repository, or from two URLs; the server fetches it."""
    if bool(hub) == bool(config_url or weights_url) or bool(config_url) != bool(weights_url):
        fail("give --hub, or both --config-url and --weights-url", 2)
    if hub:
        source = {"repository": hub, "revision": revision, "subfolder": subfolder}
        body: dict[str, Any] = {"hub": {**source, "token": _token(token_env)}}
    else:
        body = {"urls": {"adapter_config": config_url, "adapter_model": weights_url}}
    with api() as client:
        ensure_adapter(client, name, base)
        version = check(client.post(f"{adapter_path(name)}/import", json=body))
        if wait:
            try:
                with bar("importing", None) as (shown, job):

                    def tell(version: dict[str, Any]) -> None:
                        come = version["imported_from"]
                        shown.update(job, completed=come["received"], total=come["total"])

                    version = wait_for(client, name, version["version"], seconds=timeout, tell=tell)
            except KeyboardInterrupt:
                note(f"it goes on; `motet adapters rm {name}@{version['version']}` ends it")
                raise
    report(version, waited=timeout if wait else None, as_json=as_json)


def _token(variable: str) -> str | None:
    if not variable:
        return None
    token = os.environ.get(variable, "").strip()
    if not token:
        fail(f"{variable} is not set: it should hold a token of the hub", 2)
    return token
