"""An adapter's weights as they lie in memory, in a file beside those they were read from.

Laying out PEFT's files takes several times as long as reading them. Once that is done, the result
is kept: it is read at once, straight into page-locked memory, and held against its own checksum.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
from dataclasses import replace
from pathlib import Path

import msgspec
import torch

from motet_inference.adapters.blob import AdapterWeights, Room
from motet_inference.adapters.checksum import checksum
from motet_inference.adapters.files import TEMPORARY, read_ahead
from motet_inference.adapters.projections import group_shapes, groups_of_layer
from motet_inference.models.config import ModelConfig

# Part of the file's name: what an older layout left is never read.
_VERSION = 1
_HEADER = 4096

log = logging.getLogger(__name__)


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rank: int
    groups: tuple[tuple[str, ...], ...]  # of each layer
    checksum: int


class SlotFile:
    """The file of one base, dtype and rank's share; any other has a name of its own."""

    def __init__(self, config: ModelConfig, dtype: torch.dtype) -> None:
        layers = [groups_of_layer(config, i) for i in range(config.num_layers)]
        what = (_VERSION, str(dtype), layers, group_shapes(config.local), config.shard)
        self._config, self._dtype = config, dtype
        self._name = "slot-" + hashlib.sha256(repr(what).encode()).hexdigest()[:16]

    def read(self, folder: Path, *, max_rank: int, room: Room) -> AdapterWeights | None:
        """None where there is none that can be used; one that is broken is removed."""
        try:
            read_ahead(folder / self._name)
            with (folder / self._name).open("rb", buffering=0) as file:
                header = msgspec.json.decode(file.read(_HEADER).rstrip(b"\0"), type=_Header)
                if not 0 < header.rank <= max_rank or len(header.groups) != self._config.num_layers:
                    return None
                touched = {(i, group) for i, names in enumerate(header.groups) for group in names}
                weights = AdapterWeights.unset(
                    self._config, header.rank, touched, dtype=self._dtype, room=room
                )
                into = weights.blob.view(torch.uint8).numpy().data
                while into and (count := file.readinto(into)):
                    into = into[count:]
                sound = not into and not file.read(1)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError, KeyError):
            sound = False
        if sound and int(checksum(weights.blob)) == header.checksum:
            return replace(weights, checksum=header.checksum)
        log.warning("%s: %s is broken, and removed", folder.name, self._name)
        (folder / self._name).unlink(missing_ok=True)
        return None

    def write(self, folder: Path, weights: AdapterWeights) -> None:
        """Keep the weights, if they are not kept already. A disk that will not have them is no
        reason for anything to fail."""
        if (folder / self._name).exists():
            return
        groups = tuple(tuple(views) for views in weights.groups)
        header = msgspec.json.encode(_Header(weights.rank, groups, weights.checksum))
        if len(header) > _HEADER:
            return  # of more layers than any base has
        made = None
        try:
            with tempfile.NamedTemporaryFile(dir=folder, prefix=TEMPORARY, delete=False) as file:
                made = Path(file.name)
                file.write(header.ljust(_HEADER, b"\0"))
                file.write(weights.blob.view(torch.uint8).numpy().data)
            made.replace(folder / self._name)
        except OSError as error:
            log.warning("%s: its weights are not kept: %s", folder.name, error)
            if made is not None:
                made.unlink(missing_ok=True)
