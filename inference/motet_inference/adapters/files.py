"""The two files that make an adapter version, and how large each may be."""

from __future__ import annotations

import os
from pathlib import Path

CONFIG_FILE = "adapter_config.json"
WEIGHTS_FILE = "adapter_model.safetensors"
MAX_BYTES = {CONFIG_FILE: 64 * 1024, WEIGHTS_FILE: 8 << 30}
# What is not whole yet is named so, and is nothing if its writer dies.
TEMPORARY = ".partial-"
# They are copied in parts of so many bytes.
CHUNK = 1 << 20


def read_ahead(path: Path) -> None:
    """Ask for all of the file now: page by page, as it is mapped, a disk is slow."""
    if not hasattr(os, "posix_fadvise"):
        return
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return  # whoever opens it to read will say so
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_WILLNEED)
    finally:
        os.close(descriptor)
