"""An adapter's two PEFT files -> its weights in slot layout, on the host."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from motet_inference.adapters.blob import AdapterWeights, Room, plain_room
from motet_inference.adapters.checksum import checksum
from motet_inference.adapters.errors import AdapterError
from motet_inference.adapters.files import CONFIG_FILE, WEIGHTS_FILE, read_ahead
from motet_inference.adapters.peft_config import PeftConfig
from motet_inference.adapters.projections import GROUPS, GroupShape, group_shapes, module_paths
from motet_inference.adapters.targets import Target, find_targets
from motet_inference.models.config import ModelConfig
from motet_inference.ranks.shard import Shard

_TENSOR = re.compile(r"base_model\.model\.([A-Za-z0-9_.]+)\.lora_([AB])\.weight")
_DTYPES = {"F32", "F16", "BF16"}


def load_adapter(
    folder: Path,
    config: ModelConfig,
    *,
    max_rank: int,
    dtype: torch.dtype,
    room: Room = plain_room,
) -> AdapterWeights:
    """Read, check and lay out an adapter for the base that `config` describes.

    Of several ranks each takes its share: where the base's product is cut by its outputs, all of A
    and its rows of B; where it is cut by its inputs, its columns of A and all of B. A rank's B A x
    is then a part of the very sum that the base's product is a part of, so an adapter costs no
    collective of its own. (S-LoRA cuts the other matrices too, which saves memory and takes two
    more collectives a block: Sheng et al., 2023, section 6.)

    `room` gives the memory. Raises AdapterError: adapter_unavailable when a file cannot be read,
    else adapter_incompatible.
    """
    peft = PeftConfig.load(folder / CONFIG_FILE)
    modules = module_paths(config)
    targets = find_targets(peft, list(modules))
    if not targets:
        raise _incompatible("target_modules names no projection of this base.")
    rank = max(target.rank for target in targets.values())
    if rank > max_rank:
        raise _incompatible(f"rank {rank} is above {max_rank}, the largest served.")
    read_ahead(folder / WEIGHTS_FILE)
    try:
        file = safe_open(folder / WEIGHTS_FILE, framework="pt")
    except OSError as error:
        raise AdapterError("adapter_unavailable", f"{WEIGHTS_FILE} cannot be read.") from error
    except SafetensorError as error:
        raise _incompatible(f"{WEIGHTS_FILE} is not a safetensors file.") from error
    with file:
        _check_names(file.keys(), targets)  # type: ignore[no-untyped-call]
        shapes = group_shapes(config.local)
        whole = _whole_groups(modules, targets, rank)
        weights = AdapterWeights.unset(config, rank, whole, dtype=dtype, room=room)
        for (layer, group), filled in whole.items():
            if not filled:
                for part in weights.groups[layer][group]:
                    part.zero_()
        for module, target in targets.items():
            layer, group, index = modules[module]
            a, b = weights.groups[layer][group]
            module_file = _Module(file, module, target, config.projections[GROUPS[group][index]])
            _fill(module_file, config.shard, shapes[group], index, a, b)
    # After the cast and the scale: a value can leave the range of a narrow dtype there.
    if not _all_finite(weights.blob):
        raise _incompatible("a weight is NaN or infinite.")
    return replace(weights, checksum=int(checksum(weights.blob)))


def _all_finite(tensor: Tensor) -> bool:
    """In one pass that writes nothing: a NaN anywhere is both the least and the largest value."""
    least, largest = torch.aminmax(tensor)
    return bool(least.isfinite() & largest.isfinite())


def _incompatible(message: str) -> AdapterError:
    return AdapterError("adapter_incompatible", f"The adapter does not fit this base: {message}")


def _check_names(names: list[str], targets: dict[str, Target]) -> None:
    """The file holds A and B of exactly the targeted modules; PEFT would pass over the rest."""
    found: set[tuple[str, str]] = set()
    for name in names:
        match = _TENSOR.fullmatch(name)
        if ".mlp.experts." in name or ".mlp.gate.lora_" in name:
            raise _incompatible(
                f"tensor {name[:200]!r} adapts experts or their router, which is not served; train "
                "on q_proj, k_proj, v_proj and o_proj."
            )
        if match is None or match[1] not in targets:
            raise _incompatible(f"tensor {name[:200]!r} belongs to no targeted projection.")
        found.add((match[1], match[2]))
    missing = {(module, ab) for module in targets for ab in "AB"} - found
    if missing:
        module, ab = min(missing)
        raise _incompatible(f"{module} is targeted but has no lora_{ab}.")


def _whole_groups(
    modules: dict[str, tuple[int, str, int]], targets: dict[str, Target], rank: int
) -> dict[tuple[int, str], bool]:
    """(layer, group) that are touched -> whether they are filled entirely, with rank r each."""
    filled: Counter[tuple[int, str]] = Counter()
    for module, target in targets.items():
        filled[modules[module][:2]] += target.rank == rank
    return {(layer, group): n == len(GROUPS[group]) for (layer, group), n in filled.items()}


@dataclass(frozen=True)
class _Module:
    """One adapted module in the file; `sides` are the in and out features of the whole base's."""

    file: safe_open
    name: str
    target: Target
    sides: tuple[int, int]

    def read_a(self, columns: Callable[[int], slice]) -> Tensor:
        """[rank, *]: of `columns(in)`."""
        inputs, rank = self.sides[0], self.target.rank
        return self._read("A", (rank, inputs), (slice(None), columns(inputs)))

    def read_b(self, rows: Callable[[int], slice]) -> Tensor:
        """[*, rank]: of `rows(out)`."""
        outputs, rank = self.sides[1], self.target.rank
        return self._read("B", (outputs, rank), (rows(outputs), slice(None)))

    def _read(self, ab: str, expected: tuple[int, int], cuts: tuple[slice, slice]) -> Tensor:
        name = f"base_model.model.{self.name}.lora_{ab}.weight"
        view = self.file.get_slice(name)  # type: ignore[no-untyped-call]
        shape = tuple(view.get_shape())
        if shape != expected:
            raise _incompatible(
                f"{self.name}.lora_{ab} is {list(shape)}, expected {list(expected)}."
            )
        if view.get_dtype() not in _DTYPES:
            raise _incompatible(
                f"{self.name}.lora_{ab} is {view.get_dtype()}, not F32, F16 or BF16."
            )
        tensor: Tensor = view[cuts]
        return tensor


def _fill(
    module: _Module, shard: Shard, shape: GroupShape, index: int, a: Tensor, b: Tensor
) -> None:
    """Put the share of one module's A and scaled B at its slice of the group."""
    rank = a.shape[0] // len(shape.slices)
    own, start, out = module.target.rank, sum(shape.slices[:index]), shape.slices[index]
    columns = module.read_a(lambda whole: shard.cut(whole, shape.in_features))
    rows = module.read_b(lambda whole: shard.cut(whole, out))
    a[index * rank : index * rank + own].copy_(columns)
    into = b[start : start + out, :own]
    if rows.dtype == into.dtype:
        torch.mul(rows, module.target.scale, out=into)  # in fp32 inside, and rounded once
    else:
        into.copy_(rows.float() * module.target.scale)
