"""Ends a server that an earlier, killed supervisor left behind."""

import os
import signal
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from .errors import EmbeddedError
from .place import SOCKET_NAME

STEPS = ((signal.SIGINT, 15.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))


def end_server(data: Path, sockets: Path) -> None:
    """Returns when no process of this data folder runs and no lock file misleads the next server.

    PostgreSQL itself clears a lock file whose process number is free; not one whose number has
    since been given to another program, or belongs to a dead process that nobody has waited for.
    """
    for number, patience in STEPS:
        running = _postmasters(data)
        if not running:
            break
        for process in running:
            try:
                process.send_signal(number)
            except psutil.NoSuchProcess:
                pass
        psutil.wait_procs(running, timeout=patience)
    if _postmasters(data):
        raise EmbeddedError(f"another PostgreSQL works on {data} and does not end")
    _wait_for_children(data)
    for lock in (data / "postmaster.pid", sockets / f"{SOCKET_NAME}.lock"):
        lock.unlink(missing_ok=True)


def _postmasters(data: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if process.pid != os.getpid() and "-D" in words and str(data) in words:
            found.append(process)
    return found


def _wait_for_children(data: Path, timeout: float = 10) -> None:
    """Backends outlive a killed server for a moment; their working folder is the data folder."""
    end = time.monotonic() + timeout
    while any(_works_in(process, data) for process in psutil.process_iter()):
        if time.monotonic() > end:
            raise EmbeddedError(f"processes of a killed PostgreSQL still work on {data}")
        time.sleep(0.05)


def _works_in(process: psutil.Process, data: Path) -> bool:
    try:
        return bool(process.name() == "postgres" and process.cwd() == str(data))
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False
