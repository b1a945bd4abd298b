"""One adapter from its source into a folder, whole and verified, or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from motet_inference.adapters.errors import AdapterError
from motet_inference.adapters.files import CONFIG_FILE, MAX_BYTES, TEMPORARY, WEIGHTS_FILE
from motet_inference.adapters.sources import Source
from motet_inference.rpc.digest import adapter_digest


def download(source: Source, digest: str, target: Path) -> int:
    """Fetch into a temporary folder beside `target`, check the digest, rename; -> size in bytes.

    Blocks: call it in a thread. Raises AdapterError: adapter_digest_mismatch when the files are
    others than the digest names, adapter_unavailable when they cannot be had or stored.
    """
    try:
        temporary = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=target.parent))
    except OSError as error:
        raise _not_stored(error) from error
    try:
        hashes, size = {}, 0
        for name in (CONFIG_FILE, WEIGHTS_FILE):
            hashes[name], count = _copy(source, name, temporary / name)
            size += count
        if adapter_digest(hashes[CONFIG_FILE], hashes[WEIGHTS_FILE]) != digest:
            message = "The adapter's files are not those that were registered."
            raise AdapterError("adapter_digest_mismatch", message)
        try:
            temporary.rename(target)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise  # an earlier download that was given up came through: the same bytes
    except OSError as error:
        raise _not_stored(error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)  # nothing is there once it was renamed
    return size


def _copy(source: Source, name: str, target: Path) -> tuple[str, int]:
    sha, size = hashlib.sha256(), 0
    with target.open("wb") as file:
        for chunk in source.chunks(name):
            size += len(chunk)
            if size > MAX_BYTES[name]:
                raise AdapterError("adapter_incompatible", f"{name} is too large.")
            sha.update(chunk)
            file.write(chunk)
        file.flush()
        # The digest is checked once, now: after a power cut the file must not be another one.
        os.fsync(file.fileno())
    return sha.hexdigest(), size


def _not_stored(error: OSError) -> AdapterError:
    reason = error.strerror or "an error"
    return AdapterError("adapter_unavailable", f"The adapter could not be stored here: {reason}.")
