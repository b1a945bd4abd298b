"""The source roots hold one package each and shadow nobody else's."""

import platform
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE_ROOTS = ["platform", "billing", "inference", "kernels"]


@pytest.mark.parametrize("root", SOURCE_ROOTS)
def test_source_root_holds_exactly_its_package(root: str) -> None:
    entries = {
        p.name for p in (ROOT / root).iterdir() if not p.name.startswith((".", "__pycache__"))
    }
    assert entries <= {f"motet_{root}", "README.md"}
    assert (ROOT / root / f"motet_{root}" / "__init__.py").is_file()


def test_stdlib_platform_is_not_shadowed() -> None:
    assert not Path(platform.__file__).is_relative_to(ROOT)
    out = subprocess.run(
        [sys.executable, "-c", "import uuid, platform; print(platform.system())"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert out.stdout.strip()


def test_imports_of_the_rpc_contract_need_no_torch() -> None:
    code = "import sys, motet_inference.rpc.worker_pb2_grpc; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_kernels_import_without_triton() -> None:
    code = "import sys; sys.modules['triton'] = None; import motet_kernels"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_wheel_carries_the_four_packages() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert packages == [f"{root}/motet_{root}" for root in SOURCE_ROOTS]
