"""What the commands that make a version share: its adapter, a bar, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TransferSpeedColumn,
)

from motet_platform.cli.client import ApiError, adapter_path, check
from motet_platform.cli.output import REJECTED, fail, print_json, print_table, stderr


def ensure_adapter(client: httpx.Client, name: str, base: str) -> None:
    """Makes the adapter if there is none; ends the command where `base` is not its base."""
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


@contextmanager
def bar(doing: str, total: int | None) -> Iterator[tuple[Progress, TaskID]]:
    """On stderr, where that is a terminal. `total` in bytes; None: not known yet."""
    columns = (TextColumn(doing), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=stderr, disable=not stderr.is_terminal) as shown:
        yield shown, shown.add_task(doing, total=total)


def report(version: dict[str, Any], *, waited: float | None, as_json: bool) -> None:
    """Prints the version, and ends the command where it was refused, or is not ready after
    `waited` seconds."""
    if as_json:
        print_json(version)
    else:
        print_table(["model", "state"], [[version["model"], version["state"]]])
    if error := version["error"]:
        fail(f"{error['message']} ({error['code']})", REJECTED)
    if waited is not None and version["state"] != "ready":
        fail(f"{version['model']} is still {version['state']} after {waited:g} s")
