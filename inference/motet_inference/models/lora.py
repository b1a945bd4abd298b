"""What the model asks of adapter weights, whoever keeps them.

Per layer there are four groups, one for each base GEMM: qkv, o, gate_up and down. A group is shaped
as `motet_kernels.add_lora` takes it, for all slots at once.
"""

from collections.abc import Sequence
from typing import Protocol

from motet_kernels import LoraGroup
from torch import Tensor


class LayerLora(Protocol):
    """The four groups of one layer; those of the MLP are None where it has experts."""

    @property
    def qkv(self) -> LoraGroup: ...
    @property
    def o(self) -> LoraGroup: ...
    @property
    def gate_up(self) -> LoraGroup | None: ...
    @property
    def down(self) -> LoraGroup | None: ...


class LoraWeights(Protocol):
    """All layers, and the rank of each slot on the device (int32 [S]) and on the host."""

    @property
    def layers(self) -> Sequence[LayerLora]: ...
    @property
    def ranks(self) -> Tensor: ...
    @property
    def ranks_host(self) -> list[int]: ...
