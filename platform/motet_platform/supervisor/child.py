"""One child process: started, watched, restarted with backoff, stopped."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from motet_platform.embedded import bind

from . import record
from .errors import UpError
from .journal import Journal

FIRST_DELAY_S = 0.2
STEADY_S = 20.0  # a child that lived this long starts anew without delay


@dataclass(frozen=True)
class Spec:
    """What to run. `before` runs in a thread ahead of each start (PostgreSQL clears up there)."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    stop_signal: signal.Signals = signal.SIGTERM
    stop_s: float = 15.0
    before: Callable[[], None] | None = None
    cwd: str | None = None


def python_command(*arguments: str) -> tuple[str, ...]:
    """This Python with these arguments, ended by SIGTERM when the supervisor dies."""
    launch = (sys.executable, "-I", "-S", bind.__file__, "SIGTERM", str(os.getpid()), "")
    return (*launch, sys.executable, *arguments)


@dataclass
class Child:
    """Runs `spec` for ever. `say` gets one line for each death.

    The pause before a new start doubles up to `longest_delay_s`, while deaths follow each other.
    """

    spec: Spec
    journal: Journal
    records: Path
    say: Callable[[str], None]
    longest_delay_s: float = 10.0
    process: asyncio.subprocess.Process | None = None
    deaths: int = 0
    stopping: bool = False
    _task: asyncio.Task[None] | None = field(default=None, repr=False)

    async def start(self) -> None:
        """Starts the process, and the task that restarts it."""
        await self._spawn()
        self._task = asyncio.create_task(self._watch(), name=f"watch {self.spec.name}")

    async def _spawn(self) -> None:
        if self.spec.before is not None:
            await asyncio.to_thread(self.spec.before)
        with self.journal.open() as sink:
            process = await asyncio.create_subprocess_exec(
                *self.spec.command, env=dict(self.spec.environment), cwd=self.spec.cwd,
                stdin=asyncio.subprocess.DEVNULL, stdout=sink, stderr=sink,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone: it knows the order
            )  # fmt: skip
        try:
            record.write(self.records, self.spec.name, process.pid)
        except BaseException:
            # What is not on record would outlive a killed supervisor, and the next try of ours.
            await asyncio.to_thread(record.end_group, process.pid)
            raise
        self.process = process

    async def _watch(self) -> None:
        delay = FIRST_DELAY_S
        while self.process is not None:
            born = time.monotonic()
            code = await self.process.wait()
            await asyncio.to_thread(record.end_group, self.process.pid)
            if self.stopping:
                return
            self.deaths += 1
            if time.monotonic() - born > STEADY_S:
                delay = FIRST_DELAY_S
            self.say(f"{self.spec.name} ended ({_reason(code)}), starts again in {delay:.1f} s")
            await asyncio.sleep(delay)
            delay = min(delay * 2, self.longest_delay_s)
            await self._respawn()

    async def _respawn(self) -> None:
        while not self.stopping:
            try:
                await self._spawn()
                break
            except Exception as error:
                self.say(f"{self.spec.name} cannot start: {error}")
                await asyncio.sleep(self.longest_delay_s)

    def require_alive(self, limit: int = 3) -> None:
        """During start-up: a child that keeps dying is an error, with its own last words."""
        if self.deaths >= limit:
            raise UpError(f"{self.spec.name} keeps ending:\n{self.journal.tail()}")
        if self._task is not None and self._task.done() and not self.stopping:
            raise UpError(f"{self.spec.name} is not watched any more: {self._task.exception()}")

    async def stop(self) -> None:
        """Asks, waits `stop_s`, then kills the group. Returns when nothing of it is left."""
        self.stopping = True
        if self._task is not None:  # first: nothing is started any more, and `process` stays
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(self.spec.stop_signal)
            try:
                await asyncio.wait_for(self.process.wait(), self.spec.stop_s)
            except TimeoutError:
                self.say(f"{self.spec.name} did not end within {self.spec.stop_s:.0f} s: killed")
        if self.process is not None:
            await asyncio.to_thread(record.end_group, self.process.pid)
        record.clear(self.records, self.spec.name)


def _reason(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
