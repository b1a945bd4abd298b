"""The wheel has everything that serving needs, motet-tiny and its adapters among it."""

import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[1]
PACKAGES = [
    "platform/motet_platform",
    "billing/motet_billing",
    "inference/motet_inference",
    "kernels/motet_kernels",
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    folder = tmp_path_factory.mktemp("wheel")
    (made,) = WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    with zipfile.ZipFile(made) as archive:
        yield archive


def tracked(folder: str) -> dict[str, Path]:
    """Path below the folder's parent -> file, for all there that git does not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    source = ROOT / folder
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    return {str(file.relative_to(source.parent)): file for file in files if file.exists()}


@pytest.mark.parametrize("folder", PACKAGES)
def test_what_is_not_ignored_is_in_it_byte_for_byte(folder: str, wheel: zipfile.ZipFile) -> None:
    files = tracked(folder)
    assert files
    for name, file in files.items():
        assert wheel.read(name) == file.read_bytes(), name


def test_nothing_else_is_in_it(wheel: zipfile.ZipFile) -> None:
    """But its own description and the built dashboard."""
    known = {name for folder in PACKAGES for name in tracked(folder)}
    others = [name for name in wheel.namelist() if name not in known]
    allowed = ("motet-", "motet_platform/dashboard/static/")
    assert [name for name in others if not name.startswith(allowed)] == []
    assert any(name.endswith("licenses/LICENSE") for name in others)
