"""Which processes belong to this platform, on disk, so that a killed supervisor's can be ended."""

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from .errors import UpError


@contextlib.contextmanager
def sole_supervisor(folder: Path) -> Iterator[None]:
    """Holds `folder`/supervisor.lock, which the kernel frees when this process ends in any way."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "supervisor.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            other = file.read().strip() or "unknown"
            raise UpError(
                f"motet already runs with {folder.parent} (process {other}): stop it, "
                "or set MOTET_VAR and MOTET_PORT for a second one"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def write(folder: Path, name: str, pid: int) -> None:
    """Notes a child that leads a process group of its own."""
    state = {"pid": pid, "created": psutil.Process(pid).create_time()}
    (folder / f"{name}.json").write_text(json.dumps(state))


def write_private(path: Path, text: str) -> None:
    """Replaces `path` in one step by a file that its owner alone can read."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text + "\n")
    fresh.replace(path)


def clear(folder: Path, name: str) -> None:
    (folder / f"{name}.json").unlink(missing_ok=True)


def end_leftovers(folder: Path, patience: float = 15) -> list[str]:
    """Ends the groups noted by an earlier supervisor; returns the names of those that still ran."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        try:
            state = json.loads(path.read_text())
            members = _group(int(state["pid"]), float(state["created"]))
        except (ValueError, KeyError):  # cut short by a crash: the process had hardly begun
            members = []
        if members:
            found[path.stem] = members
        path.unlink()
    everyone = [process for members in found.values() for process in members]
    for number, wait in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
        end_all(everyone, number)
        _, everyone = psutil.wait_procs(everyone, timeout=wait)
    if everyone:
        pids = ", ".join(str(process.pid) for process in everyone)
        raise UpError(f"processes of an earlier run do not end: {pids}")
    return list(found)


def end_group(pid: int, patience: float = 5) -> None:
    """Kills what is left of a child's group, such as the helpers of a child that crashed."""
    end = time.monotonic() + patience
    while members := _group(pid, None):
        end_all(members, signal.SIGKILL)
        if time.monotonic() > end:
            return
        time.sleep(0.02)


def end_all(processes: list[psutil.Process], number: int) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def _group(leader: int, created: float | None) -> list[psutil.Process]:
    """Living members of a process group; empty if the leader's number now belongs to another."""
    members = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) != leader or process.status() == psutil.STATUS_ZOMBIE:
                continue
            if process.pid == leader and created and abs(process.create_time() - created) > 1:
                return []
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
        members.append(process)
    return members
