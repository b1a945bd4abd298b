"""Files at two addresses of their own: a bucket's pre-signed URLs, or public ones."""

from __future__ import annotations

from motet_platform.adapters.files import FILE_NAMES
from motet_platform.adapters.imports.failure import ImportFailure
from motet_platform.adapters.imports.fetch import Progress, Reply, get, receive
from motet_platform.adapters.imports.source import UrlSource
from motet_platform.adapters.models import Part
from motet_platform.adapters.multipart import AdapterFiles
from motet_platform.adapters.receive import Limit


async def download(source: UrlSource, files: AdapterFiles, progress: Progress) -> None:
    """Fills `files`, which the caller closes. ImportFailure; a MotetError for limits and disks."""
    async with get(source.config_url) as reply:
        _require(reply, Part.CONFIG)
        files[Part.CONFIG] = await receive(reply, Limit.of(Part.CONFIG), progress)
    async with get(source.model_url) as reply:
        _require(reply, Part.MODEL)
        limit = Limit.of(Part.MODEL)
        if reply.length is not None:
            limit.check(reply.length)
            await progress.announce(files.size + reply.length)
        files[Part.MODEL] = await receive(reply, limit, progress)


def _require(reply: Reply, part: Part) -> None:
    """ImportFailure for every status but 200."""
    if reply.status == 200:
        return
    if reply.status == 429 or reply.status >= 500:
        raise ImportFailure(
            "import_source_unavailable", f"{reply.host} answered {reply.status}: try again later."
        )
    raise ImportFailure(
        "import_url_refused",
        f"{reply.host} answered {reply.status} for {FILE_NAMES[part]}: check the address, and "
        "sign it anew if it was pre-signed: signatures expire.",
    )
