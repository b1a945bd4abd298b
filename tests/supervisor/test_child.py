"""A child is restarted when it dies, and nothing of it outlives its stop or its supervisor."""

import asyncio
import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from motet_platform.supervisor import record
from motet_platform.supervisor.child import FIRST_DELAY_S, Child, Spec, python_command
from motet_platform.supervisor.errors import UpError
from motet_platform.supervisor.journal import Journal

SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(15, lambda *_: None); print('up', flush=True)\n"
STUBBORN += "while True: time.sleep(1)"
WITH_HELPER = (
    "import subprocess, time; subprocess.Popen(['sleep', '600']); print('up', flush=True)\n"
)
WITH_HELPER += "time.sleep(600)"


@pytest.fixture
def make_child(tmp_path: Path) -> Callable[..., Child]:
    def make(code: str, stop_s: float = 5) -> Child:
        spec = Spec("sleeper", python_command("-c", code), dict(os.environ), stop_s=stop_s)
        return Child(spec, Journal(tmp_path / "logs", "sleeper"), tmp_path, said.append)

    said: list[str] = []
    make.said = said  # type: ignore[attr-defined]
    return make


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110  (the condition is in another process)
            await asyncio.sleep(0.02)


def family(child: Child) -> list[psutil.Process]:
    assert child.process is not None
    leader = psutil.Process(child.process.pid)
    return [leader, *leader.children(recursive=True)]


async def test_restarts_after_kill_9_and_says_so(make_child: Callable[..., Child]) -> None:
    child = make_child(SLEEPER)
    await child.start()
    assert child.process is not None
    first = child.process.pid
    os.kill(first, signal.SIGKILL)
    await until(lambda: child.process is not None and child.process.pid != first)
    await until(lambda: child.journal.tail().count("up") >= 1)
    assert "killed by SIGKILL" in make_child.said[0]  # type: ignore[attr-defined]
    await child.stop()
    assert not psutil.pid_exists(child.process.pid)


async def test_death_of_the_leader_takes_its_helpers(make_child: Callable[..., Child]) -> None:
    child = make_child(WITH_HELPER)
    await child.start()
    await until(lambda: "up" in child.journal.tail())
    leader, helper = family(child)
    leader.kill()
    await until(lambda: not helper.is_running())
    await child.stop()


async def test_child_that_ignores_the_request_is_killed(make_child: Callable[..., Child]) -> None:
    child = make_child(STUBBORN, stop_s=0.2)
    await child.start()
    await until(lambda: "up" in child.journal.tail())
    members = family(child)
    await child.stop()
    assert not any(process.is_running() for process in members)
    assert "did not end" in make_child.said[-1]  # type: ignore[attr-defined]


async def test_child_that_keeps_dying_is_reported_with_its_last_words(
    make_child: Callable[..., Child],
) -> None:
    child = make_child("import sys; sys.exit('no such base model')")
    await child.start()
    await until(lambda: child.deaths >= 2)
    with pytest.raises(UpError, match=r"sleeper \| no such base model"):
        child.require_alive(limit=2)
    await child.stop()


async def test_a_failing_preparation_does_not_end_the_watch(tmp_path: Path) -> None:
    calls = iter([None, ConnectionError("not now")])

    def before() -> None:
        if error := next(calls, None):
            raise error

    said: list[str] = []
    spec = Spec("sleeper", python_command("-c", "pass"), dict(os.environ), before=before)
    child = Child(spec, Journal(tmp_path / "logs", "sleeper"), tmp_path, said.append)
    await child.start()
    await until(lambda: any("cannot start: not now" in line for line in said))
    child.require_alive()
    await child.stop()


async def test_what_cannot_be_put_on_record_does_not_run(
    make_child: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a full disk: each try would leave another copy, that nobody knows of."""
    started: list[int] = []

    def full(folder: Path, name: str, pid: int) -> None:
        started.append(pid)
        raise OSError(errno.ENOSPC, "No space left on device")

    child = make_child(SLEEPER)
    child.longest_delay_s = 0.05
    await child.start()
    assert child.process is not None
    monkeypatch.setattr(record, "write", full)
    child.process.kill()
    await until(lambda: len(started) >= 4)
    monkeypatch.undo()
    await until(lambda: child.process is not None and child.process.returncode is None)
    assert not any(runs(pid) for pid in started[:3])
    await child.stop()
    assert not any(runs(pid) for pid in (*started, child.process.pid))


async def test_a_start_that_cannot_be_put_on_record_fails_and_leaves_nothing(
    make_child: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []

    def gone(folder: Path, name: str, pid: int) -> None:
        started.append(pid)
        raise FileNotFoundError(folder)

    monkeypatch.setattr(record, "write", gone)
    with pytest.raises(FileNotFoundError):
        await make_child(SLEEPER).start()
    assert len(started) == 1 and not runs(started[0])


async def test_a_stop_in_the_middle_of_a_new_start_leaves_nothing(
    make_child: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []
    write = record.write

    def note(folder: Path, name: str, pid: int) -> None:
        write(folder, name, pid)
        started.append(pid)

    monkeypatch.setattr(record, "write", note)
    child = make_child(SLEEPER)
    ended = asyncio.Event()

    def say(line: str) -> None:
        if "ended" in line:
            ended.set()

    child.say = say
    await child.start()
    assert child.process is not None
    child.process.kill()
    await ended.wait()
    await asyncio.sleep(FIRST_DELAY_S)  # the new start is under way, or just over
    await child.stop()
    await asyncio.sleep(0.3)
    assert not any(runs(pid) for pid in started)


def runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


SUPERVISOR = """
import asyncio, os, sys
from pathlib import Path
from motet_platform.supervisor.child import Child, Spec, python_command
from motet_platform.supervisor.journal import Journal

async def main():
    code = "import time; time.sleep(600)"
    if sys.argv[2] == "deaf":
        code = "import signal; signal.signal(15, signal.SIG_IGN); " + code
    spec = Spec("sleeper", python_command("-c", code), dict(os.environ))
    child = Child(spec, Journal(Path(sys.argv[1]) / "logs", "sleeper"), Path(sys.argv[1]), print)
    await child.start()
    await asyncio.sleep(1)
    print(child.process.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def supervise(folder: Path, kind: str) -> tuple[subprocess.Popen[str], psutil.Process]:
    parent = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(folder), kind], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    return parent, psutil.Process(int(parent.stdout.readline()))


def test_child_ends_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    parent, child = supervise(tmp_path, "obedient")
    parent.kill()
    parent.wait()
    assert psutil.wait_procs([child], timeout=30)[1] == []


def test_next_start_ends_what_a_killed_supervisor_left(tmp_path: Path) -> None:
    parent, child = supervise(tmp_path, "deaf")
    parent.kill()
    parent.wait()
    assert child.is_running()
    assert record.end_leftovers(tmp_path, patience=0.2) == ["sleeper"]
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    assert record.end_leftovers(tmp_path) == []


def test_a_reused_process_number_is_left_alone(tmp_path: Path) -> None:
    stranger = subprocess.Popen(["sleep", "600"], start_new_session=True)
    try:
        record.write(tmp_path, "sleeper", stranger.pid)
        noted = tmp_path / "sleeper.json"
        noted.write_text(noted.read_text().replace('"created": 1', '"created": 2'))
        assert record.end_leftovers(tmp_path) == []
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_second_supervisor_of_a_folder_is_refused(tmp_path: Path) -> None:
    with (
        record.sole_supervisor(tmp_path),
        pytest.raises(UpError, match=f"process {os.getpid()}"),
        record.sole_supervisor(tmp_path),
    ):
        pass
    with record.sole_supervisor(tmp_path):
        pass
