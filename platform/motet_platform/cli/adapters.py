"""`motet adapters`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from motet_platform.cli import push as sending
from motet_platform.cli.client import ApiError, adapter_path, api, check, listed
from motet_platform.cli.output import (
    REJECTED,
    Json,
    fail,
    note,
    print_json,
    print_table,
    stderr,
)

app = typer.Typer(help="Your adapters.", no_args_is_help=True)

Folder = Annotated[
    Path, typer.Argument(exists=True, file_okay=False, help="What PEFT's save_pretrained wrote.")
]


@app.command()
def push(
    folder: Folder,
    name: Annotated[str, typer.Option(help="The adapter's name, without your account's.")],
    base: Annotated[str, typer.Option(help="Its base model; needed for a new adapter.")] = "",
    wait: Annotated[bool, typer.Option(help="Until it can be called, or is refused.")] = True,
    timeout: Annotated[float, typer.Option(help="Seconds that --wait waits.")] = 300.0,
    as_json: Json = False,
) -> None:
    """Upload a folder as a new version, and make the adapter if there is none."""
    _require_files(folder)
    with api(timeout=600) as client:
        _ensure(client, name, base)
        with _progress(folder) as (bar, job):
            version = sending.send(client, name, folder, lambda n: bar.advance(job, n))
        if wait:
            version = sending.wait(client, name, version["version"], seconds=timeout)
    if as_json:
        print_json(version)
    else:
        print_table(["model", "state"], [[version["model"], version["state"]]])
    if error := version["error"]:
        fail(f"{error['message']} ({error['code']})", REJECTED)
    if wait and version["state"] != "ready":
        fail(f"{version['model']} is still {version['state']} after {timeout:g} s")


@app.command()
def ls(as_json: Json = False) -> None:
    """List your adapters."""
    with api() as client:
        found = list(listed(client, "adapters"))
    if as_json:
        print_json(found)
        return
    rows = [
        [a["model"], a["base_model"], _default(a), len(a["versions"]), a["created_at"][:10]]
        for a in found
    ]
    print_table(["model", "base", "default", "versions", "made"], rows)


@app.command()
def show(name: str, as_json: Json = False) -> None:
    """Show an adapter with its versions and aliases."""
    with api() as client:
        adapter = check(client.get(adapter_path(name)))
    if as_json:
        print_json(adapter)
        return
    for alias in adapter["aliases"]:
        targets = ", ".join(f"@{t['version']} x {t['weight']}" for t in alias["targets"])
        note(f"{alias['model']} -> {targets}")
    rows = [
        [v["model"], v["state"], v["rank"], v["size"], (v["error"] or {}).get("message", "")]
        for v in adapter["versions"]
    ]
    print_table(["version", "state", "rank", "bytes", "reason"], rows)


@app.command()
def rm(
    name: Annotated[str, typer.Argument(help="NAME, or NAME@VERSION for one version.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete an adapter with all its versions, or one version."""
    adapter, at, number = name.partition("@")
    if not yes:
        typer.confirm(f"Delete {name} for good?", abort=True, err=True)
    with api() as client:
        path = adapter_path(adapter)
        if at:
            path += f"/versions/{_version(number)}"
        check(client.delete(path))
    note(f"deleted {name}")


def _version(number: str) -> int:
    if not (number.isascii() and number.isdigit()):
        raise ApiError(404, "version_not_found", "There is no such version: write NAME@3.")
    return int(number)


@app.command()
def validate(
    folder: Folder,
    base: Annotated[
        str, typer.Option(help="motet-tiny, or the base model's folder or config.json.")
    ] = "motet-tiny",
    max_rank: Annotated[int, typer.Option(help="The largest rank that the server takes.")] = 64,
    as_json: Json = False,
) -> None:
    """Check a folder here, by the server's own rules, without uploading it."""
    from motet_platform.adapters.gate.refusal import Refusal
    from motet_platform.adapters.gate.run import GateError, gate_run

    _require_files(folder)
    config, model = (folder / file for file in sending.FILES.values())
    try:
        facts = gate_run(config, model, _base_config(base), max_rank=max_rank)
    except Refusal as refusal:
        if as_json:
            print_json({"error": {"code": refusal.code, "message": refusal.message}})
        fail(f"{refusal.message} ({refusal.code})", REJECTED)
    except GateError as error:
        fail(str(error))
    if as_json:
        print_json(facts)
    else:
        print_table(
            ["rank", "targets", "parameters"],
            [[facts["rank"], " ".join(facts["targets"]), facts["parameters"]]],
        )


def _base_config(base: str) -> dict[str, Any]:
    path = Path(base)
    if base == "motet-tiny":
        from motet_inference.tiny import BASE

        path = BASE
    if path.is_dir():
        path /= "config.json"
    try:
        config = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        fail(f"{path} is no config.json of a base model: {error}")
    if not isinstance(config, dict):
        fail(f"{path} is no config.json of a base model")
    return config


def _require_files(folder: Path) -> None:
    for file in sending.FILES.values():
        if not (folder / file).is_file():
            fail(f"{folder} has no {file}: save the adapter with PEFT's save_pretrained")


def _ensure(client: httpx.Client, name: str, base: str) -> None:
    try:
        adapter = check(client.get(adapter_path(name)))
    except ApiError as error:
        if error.code != "adapter_not_found":
            raise
        if not base:
            fail(f"there is no adapter {name} yet: name its base model with --base")
        check(client.post("adapters", json={"name": name, "base_model": base}))
        return
    if base and base != adapter["base_model"]:
        fail(f"{name} is an adapter of {adapter['base_model']}, not of {base}")


class _progress:
    """A bar on stderr, where that is a terminal."""

    def __init__(self, folder: Path) -> None:
        self._total = sum((folder / file).stat().st_size for file in sending.FILES.values())
        columns = (TextColumn("uploading"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        self._bar = Progress(*columns, console=stderr, disable=not stderr.is_terminal)

    def __enter__(self) -> tuple[Progress, Any]:
        self._bar.start()
        return self._bar, self._bar.add_task("upload", total=self._total)

    def __exit__(self, *error: object) -> None:
        self._bar.stop()


def _default(adapter: dict[str, Any]) -> str:
    aliases = [a for a in adapter["aliases"] if a["alias"] == "default"]
    return ", ".join(f"@{t['version']}" for a in aliases for t in a["targets"])
