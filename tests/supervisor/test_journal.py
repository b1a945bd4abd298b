"""Logs stay bounded while a child holds them open."""

import asyncio
import errno
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from motet_platform.supervisor import stack
from motet_platform.supervisor.journal import KEPT, Journal


def test_rotates_under_a_writer_and_keeps_a_few_parts(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "logs", "gateway")
    with journal.open() as writer:
        for number in range(KEPT + 2):
            writer.write(b"%d\n" % number * 100)
            writer.flush()
            journal.rotate(limit=50)
        writer.write(b"after\n")
    assert journal.path.read_text() == "after\n"
    parts = sorted(path.name for path in journal.folder.glob("gateway.log.*"))
    assert parts == [f"gateway.log.{number}" for number in range(1, KEPT + 1)]
    assert (journal.folder / "gateway.log.1").read_text().startswith(f"{KEPT + 1}\n")


def test_a_full_disk_costs_no_older_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path / "logs", "gateway")
    with journal.open() as writer:
        for text in (b"first", b"second"):
            writer.write(text)
            writer.flush()
            journal.rotate(limit=1)
        writer.write(b"third")

    def full(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes()[:2])
        raise OSError(errno.ENOSPC, "No space left on device")

    def found() -> dict[str, str]:
        return {path.name: path.read_text() for path in journal.folder.iterdir()}

    before = found()
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", full)
        for _ in range(KEPT):
            with pytest.raises(OSError, match="No space"):
                journal.rotate(limit=1)
    assert found() == before
    journal.rotate(limit=1)
    assert found() == {
        "gateway.log": "", "gateway.log.1": "third", "gateway.log.2": "second",
        "gateway.log.3": "first",
    }  # fmt: skip


async def test_a_log_that_is_not_rotated_is_told_of_and_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack, "ROTATE_EVERY_S", 0.01)
    turns: list[str] = []
    said: list[str] = []

    def child(name: str, error: OSError | None = None) -> Any:
        def rotate() -> None:
            turns.append(name)
            if error:
                raise error

        journal = SimpleNamespace(rotate=rotate)
        return SimpleNamespace(spec=SimpleNamespace(name=name), journal=journal)

    progress: Any = SimpleNamespace(say=said.append)
    config: Any = SimpleNamespace(var=tmp_path)
    whole = stack.Stack(config, progress)
    full = OSError(errno.ENOSPC, "No space left on device")
    whole.children = [child("worker", full), child("gateway")]
    rotation = asyncio.create_task(whole._rotate())
    async with asyncio.timeout(30):
        while turns.count("gateway") < 3 and not rotation.done():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    rotation.cancel()
    assert turns[:6] == ["worker", "gateway"] * 3
    assert "worker" in said[0] and "No space left" in said[0]


def test_small_file_is_left_alone(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "logs", "gateway")
    with journal.open() as writer:
        writer.write(b"one\n")
    journal.rotate(limit=50)
    assert list(journal.folder.iterdir()) == [journal.path]


def test_tail_names_the_child(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "logs", "tasks")
    assert journal.tail() == ""
    with journal.open() as writer:
        writer.write(b"one\ntwo\nthree\n")
    assert journal.tail(2) == "tasks | two\ntasks | three"
