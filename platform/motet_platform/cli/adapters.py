"""`motet adapters`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from motet_platform.cli import push as sending
from motet_platform.cli.client import ApiError, adapter_path, api, check, listed
from motet_platform.cli.fetch import fetch
from motet_platform.cli.output import REJECTED, Json, fail, note, print_json, print_table
from motet_platform.cli.version import bar, ensure_adapter, report

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
        ensure_adapter(client, name, base)
        total = sum((folder / file).stat().st_size for file in sending.FILES.values())
        with bar("uploading", total) as (shown, job):
            version = sending.send(client, name, folder, lambda n: shown.advance(job, n))
        if wait:
            version = sending.wait(client, name, version["version"], seconds=timeout)
    report(version, waited=timeout if wait else None, as_json=as_json)


app.command("import")(fetch)


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
        [
            v["model"], v["state"], v["rank"], v["size"], _origin(v),
            (v["error"] or {}).get("message", ""),
        ]
        for v in adapter["versions"]
    ]  # fmt: skip
    print_table(["version", "state", "rank", "bytes", "imported from", "reason"], rows)


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


def _origin(version: dict[str, Any]) -> str:
    come = version["imported_from"]
    if not come:
        return ""
    if come["kind"] == "hub":
        return f"{come['repository']}@{(come['commit'] or come['revision'])[:12]}"
    return str(come["host"])


def _default(adapter: dict[str, Any]) -> str:
    aliases = [a for a in adapter["aliases"] if a["alias"] == "default"]
    return ", ".join(f"@{t['version']}" for a in aliases for t in a["targets"])
