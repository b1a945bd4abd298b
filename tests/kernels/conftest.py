"""One thread for torch, and a driver that compiles for Hopper without having one."""

import re
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    torch.set_num_threads(1)


# What is compiled is kept by device: each driver has one of its own, and compiles everything anew.
DEVICES = count()


class HopperCompiler:
    """A Triton driver of compute capability 9.0 that compiles each launch and then drops it.

    Launched on meta tensors, an operation compiles exactly what it would run on real ones.
    """

    def __init__(self, folder: Path) -> None:
        from triton.backends.compiler import GPUTarget
        from triton.knobs import nvidia

        self.folder = folder
        self.device = next(DEVICES)
        self.target = GPUTarget("cuda", 90, 32)
        self.cuobjdump = nvidia.cuobjdump.path
        self.kernels: list[SimpleNamespace] = []
        self.utils = self

    def get_current_target(self) -> Any:
        return self.target

    def get_current_device(self) -> int:
        return self.device

    def get_current_stream(self, device: int) -> int:
        return 0

    def get_device_properties(self, device: int) -> dict[str, int]:
        return {"max_shared_mem": 1 << 30}

    def launcher_cls(self, source: Any, metadata: Any) -> Any:
        return lambda *args, **kwargs: None

    def load_binary(self, name: str, binary: bytes, shared: int, device: int) -> tuple[Any, ...]:
        self.kernels.append(SimpleNamespace(name=name, shared=shared, **self.usage(binary)))
        return object(), object(), 0, 0, 1024

    def usage(self, binary: bytes) -> dict[str, int]:
        """Registers, and bytes of stack (spills live there) of each thread."""
        path = self.folder / f"{len(self.kernels)}.cubin"
        path.write_bytes(binary)
        command = [self.cuobjdump, "--dump-resource-usage", str(path)]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found = re.search(r"REG:(\d+) STACK:(\d+)", text)
        assert found, text
        return {"registers": int(found[1]), "stack": int(found[2])}


@pytest.fixture
def hopper(tmp_path: Path) -> Iterator[HopperCompiler]:
    triton = pytest.importorskip("triton")
    active = triton.runtime.driver._active
    compiler = HopperCompiler(tmp_path)
    triton.runtime.driver.set_active(compiler)
    with triton.knobs.cache.scope():
        triton.knobs.cache.dir = str(tmp_path / "cache")
        yield compiler
    triton.runtime.driver._active = active
