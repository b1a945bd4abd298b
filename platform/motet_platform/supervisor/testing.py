"""A whole platform of real processes on loopback, for tests: started by `motet up`, as users do."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psycopg

READY = "motet is ready"


def free_port() -> int:
    """A port of loopback that nobody has, below those that outgoing connections are given.

    One of theirs may be gone again before whoever asked for it listens.
    """
    while True:
        port = random.SystemRandom().randrange(12_000, 32_000)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def clean_environment(**changes: str) -> dict[str, str]:
    """This process's environment without what a test run itself has set for Motet or Django."""
    foreign = ("MOTET_", "DJANGO_", "PYTEST_", "COVERAGE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {**kept, "PYTHONUNBUFFERED": "1", **changes}


def until(true: Callable[[], bool], what: str, *, timeout: float = 60) -> None:
    """Waits for another process to do something; fails with `what` when it does not."""
    end = time.monotonic() + timeout
    while not true():
        assert time.monotonic() < end, f"{what}: not within {timeout:.0f} s"
        time.sleep(0.05)


class LivePlatform:
    """`motet up` in a folder of its own. `settings` go into its environment."""

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self.var = folder / "var"
        self.port = free_port()
        self.worker_address = f"127.0.0.1:{free_port()}"
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = clean_environment(
            MOTET_VAR=str(self.var),
            MOTET_PORT=str(self.port),
            MOTET_WORKER_LISTEN=self.worker_address,
            **(settings or {}),
        )
        self.lines: list[str] = []
        self.process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def start(self, *, timeout: float = 180) -> None:
        """Returns when it has said that it is ready; an early end fails with its words and logs."""
        self.lines.clear()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "motet_platform", "up"],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reader.start()
        end = time.monotonic() + timeout
        while not any(line.startswith(READY) for line in self.lines):
            alive = self.process.poll() is None
            assert alive and time.monotonic() < end, f"not ready:\n{self.words()}"
            time.sleep(0.05)

    def stop(self) -> int:
        """SIGTERM; the exit status of the supervisor, which ends after all its children."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(120)
        assert self._reader is not None
        self._reader.join(10)
        self.process = None
        return status

    def words(self) -> str:
        """What it printed and the ends of all logs, for a failed assertion."""
        parts = ["".join(self.lines)]
        for path in sorted((self.var / "logs").glob("*.log")):
            tail = path.read_text(errors="replace").splitlines()[-15:]
            parts.append(f"--- {path.name}\n" + "\n".join(tail))
        return "\n".join(parts)

    @property
    def demo(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.var / "demo.json").read_text())
        return content

    def pid(self, child: str) -> int:
        return int(json.loads((self.var / "run" / f"{child}.json").read_text())["pid"])

    def kill(self, child: str) -> None:
        """kill -9 of one child; returns when it is gone and its successor is noted."""
        old = self.pid(child)
        os.kill(old, signal.SIGKILL)

        def succeeded() -> bool:
            with contextlib.suppress(FileNotFoundError, ValueError):
                return self.pid(child) != old
            return False

        until(succeeded, f"a new {child}")

    def kill_everything(self) -> None:
        """kill -9 of the supervisor and of all its children."""
        assert self.process is not None
        pids = [self.pid(path.stem) for path in (self.var / "run").glob("*.json")]
        for pid in (self.process.pid, *pids):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(30)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Straight from the platform's database, for what no API shows."""
        url = (self.var / "run" / "database.url").read_text().strip()
        with psycopg.connect(url) as database:
            return database.execute(query.encode(), values or None).fetchall()

    def motet(self, *arguments: str, **settings: str) -> str:
        """Output of the `motet` command beside the running platform."""
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "motet_platform", *arguments],
            env={**self.environment, **settings}, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, f"motet {' '.join(arguments)}: {done.stderr}{done.stdout}"
        return done.stdout

    def account_create(self, email: str, **settings: str) -> str:
        """API key of a new account with the sign-up credit."""
        words = self.motet("accounts", "create", "--email", email, "--json", **settings)
        return str(json.loads(words)["api_key"])

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.lines.append(line)
