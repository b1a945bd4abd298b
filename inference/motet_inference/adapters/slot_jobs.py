"""What the thread that fills slots has to do."""

from __future__ import annotations

from dataclasses import dataclass

from motet_inference.adapters.blob import AdapterWeights
from motet_inference.engine.messages import AdapterRef


@dataclass(frozen=True)
class Read:
    """Files to host memory."""

    ref: AdapterRef


@dataclass(frozen=True)
class Place:
    """Host memory to a slot."""

    ref: AdapterRef
    slot: int
    weights: AdapterWeights


@dataclass(frozen=True)
class Keep:
    """Host memory to a file in slot layout, when there is nothing else to do."""

    ref: AdapterRef
    weights: AdapterWeights


Job = Read | Place | Keep
