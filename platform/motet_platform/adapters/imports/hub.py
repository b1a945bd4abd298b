"""A hub's plain interface: `/{repository}/resolve/{revision}/{file}`, both files at one commit."""

from __future__ import annotations

import re
from typing import NoReturn
from urllib.parse import quote

from motet_platform.adapters.files import FILE_NAMES
from motet_platform.adapters.imports.failure import ImportFailure
from motet_platform.adapters.imports.fetch import Hub, Progress, Reply, get, receive
from motet_platform.adapters.imports.source import HubSource
from motet_platform.adapters.models import Part
from motet_platform.adapters.multipart import AdapterFiles
from motet_platform.adapters.receive import Limit
from motet_platform.config import get_config

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)
_PICKLES = ("adapter_model.bin", "adapter_model.pt")


async def download(source: HubSource, files: AdapterFiles, progress: Progress) -> None:
    """Fills `files`, which the caller closes. ImportFailure; a MotetError for limits and disks."""
    hub = Hub(get_config().hub_url, source.token)
    name = FILE_NAMES[Part.CONFIG]
    async with get(_address(hub, source, source.revision, name), hub=hub) as reply:
        _require(reply, source, name)
        progress.commit = commit = _commit_of(reply, source.revision)
        files[Part.CONFIG] = await receive(reply, Limit.of(Part.CONFIG), progress)
    name = FILE_NAMES[Part.MODEL]
    async with get(_address(hub, source, commit, name), hub=hub) as reply:
        if reply.status == 404:
            await _refuse_pickle(hub, source, commit)
        _require(reply, source, name)
        if _commit_of(reply, commit) != commit:
            raise ImportFailure(
                "import_commit_unknown", f"The hub answers with another commit than {commit}."
            )
        limit = Limit.of(Part.MODEL)
        if reply.length is not None:
            limit.check(reply.length)
            await progress.announce(files.size + reply.length)
        files[Part.MODEL] = await receive(reply, limit, progress)


def _address(hub: Hub, source: HubSource, revision: str, name: str) -> str:
    folder = f"{quote(source.subfolder)}/" if source.subfolder else ""
    return f"{hub.url}/{source.repository}/resolve/{quote(revision, safe='')}/{folder}{name}"


def _commit_of(reply: Reply, revision: str) -> str:
    """What the revision means just now, so that it cannot mean something else for the next file."""
    commit = reply.told.get("x-repo-commit", revision)
    if _COMMIT.fullmatch(commit) is None:
        raise ImportFailure(
            "import_commit_unknown",
            "The hub does not say which commit the revision is: give a whole commit as revision.",
        )
    return commit


async def _refuse_pickle(hub: Hub, source: HubSource, commit: str) -> None:
    for name in _PICKLES:
        async with get(_address(hub, source, commit, name), hub=hub) as reply:
            if reply.status == 200:
                raise ImportFailure(
                    "weights_pickle",
                    f"{source.repository} has the weights only as {name}, a pickle, which is code: "
                    "save the adapter with PEFT's save_pretrained(safe_serialization=True) and "
                    "push that to the hub.",
                )


def _require(reply: Reply, source: HubSource, name: str) -> None:
    """ImportFailure for every status but 200."""
    if reply.status == 200:
        return
    where = source.repository
    match reply.told.get("x-error-code"), reply.status:
        case "GatedRepo", _:
            _denied(f"{where} is gated: accept its terms at the hub, and give a token of yours.")
        case "RevisionNotFound", _:
            raise ImportFailure(
                "import_revision_not_found",
                f"{where} has no revision {source.revision}: give a branch, tag or commit of it.",
            )
        case ("EntryNotFound", _) | (None, 404):
            path = f"{source.subfolder}/{name}" if source.subfolder else name
            raise ImportFailure(
                "import_file_missing",
                f"{where} has no {path} at {source.revision}: if the adapter is in a folder, give "
                "it as subfolder.",
            )
        case _, 401 | 403 if source.token and reply.told.get("x-error-code") != "RepoNotFound":
            _denied(f"The hub does not let this token read {where}: give one that may read it.")
        case ("RepoNotFound", _) | (_, 401 | 403 | 404):
            hint = "that it may read" if source.token else "where it is private"
            raise ImportFailure(
                "import_repository_not_found",
                f"The hub shows no repository {where}: check owner/name, and give a token {hint}.",
            )
    raise ImportFailure(
        "import_source_unavailable", f"The hub answered {reply.status}: try again later."
    )


def _denied(message: str) -> NoReturn:
    raise ImportFailure("import_access_denied", message)
