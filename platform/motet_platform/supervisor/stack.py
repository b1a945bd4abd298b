"""The children of one platform: which they are, in which order they start and stop."""

import asyncio
import importlib.util
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from motet_platform.config import Config
from motet_platform.embedded.postgres import EmbeddedPostgres

from . import record
from .child import Child, Spec, python_command
from .environment import children_environment, local_worker_address, worker_environment
from .errors import UpError
from .journal import Journal
from .progress import Progress
from .sandbox import sandbox_environment, sandbox_spec

ROTATE_EVERY_S = 30


class Stack:
    """PostgreSQL and a worker where none are given, then tasks and gateway."""

    def __init__(self, config: Config, progress: Progress) -> None:
        self.config = config
        self.progress = progress
        self.run_folder = config.var / "run"
        self.log_folder = config.var / "logs"
        self.children: list[Child] = []  # in the order of their start
        self.environment: Mapping[str, str] = {}
        self._rotation: asyncio.Task[None] | None = None

    async def start_database(self) -> str:
        """URL of a PostgreSQL that answers: the configured one, or an embedded one."""
        if self.config.database_url is not None:
            return self.config.database_url
        server = EmbeddedPostgres(self.config.var)
        spec = Spec(
            "postgres", tuple(server.command()), dict(os.environ),
            stop_signal=signal.SIGINT, stop_s=20, before=server.prepare, cwd="/",
        )  # fmt: skip
        child = await self._add(spec)
        for _ in range(600):
            if await asyncio.to_thread(server.ready):
                return server.url
            child.require_alive()
            await asyncio.sleep(0.05)
        raise UpError(f"PostgreSQL does not answer:\n{child.journal.tail()}")

    async def start_worker(self, database_url: str) -> None:
        """Settles the children's environment; starts a CPU worker unless MOTET_WORKERS is set."""
        worker = None if self.config.workers else _worker_address()
        self.environment = children_environment(self.config, database_url, worker)
        record.write_private(self.run_folder / "database.url", database_url)
        if worker is not None:
            environment = worker_environment(self.environment, self.config, worker)
            command = python_command("-m", "motet_inference")
            await self._add(Spec("worker", command, environment, stop_s=40))

    async def prepare(self) -> dict[str, Any]:
        """Migrates and seeds; returns what is known of the demo account."""
        journal = Journal(self.log_folder, "prepare")
        with journal.open() as sink:
            process = await asyncio.create_subprocess_exec(
                *python_command("-m", "motet_platform.supervisor.prepare"),
                env=dict(self.environment), stdout=asyncio.subprocess.PIPE, stderr=sink,
            )  # fmt: skip
            output, _ = await process.communicate()
        if process.returncode != 0:
            raise UpError(f"the database could not be prepared:\n{journal.tail()}")
        demo: dict[str, Any] = json.loads(output.decode().splitlines()[-1])
        return demo

    async def start_sandbox(self) -> None:
        """With MOTET_STRIPE=sandbox, a stand-in for Stripe, and the services told of it."""
        if self.config.stripe == "sandbox":
            self.environment = {**self.environment, **sandbox_environment(self.config)}
            await self._add(sandbox_spec(self.config, self.environment))
            self.progress.say("  payments go to a sandbox, not Stripe: no money moves")

    async def start_services(self) -> None:
        for name, stop_s in (("tasks", 15.0), ("gateway", 40.0)):
            command = python_command("-m", "motet_platform", name)
            await self._add(Spec(name, command, self.environment, stop_s=stop_s))
        self._rotation = asyncio.create_task(self._rotate())

    async def stop(self) -> None:
        """In reverse order: the gateway drains while tasks, worker and database still serve it."""
        if self._rotation is not None:
            self._rotation.cancel()
        (self.run_folder / "database.url").unlink(missing_ok=True)
        for child in reversed(self.children):
            await child.stop()

    def require_alive(self) -> None:
        for child in self.children:
            child.require_alive()

    async def _add(self, spec: Spec) -> Child:
        child = Child(
            spec, Journal(self.log_folder, spec.name), self.run_folder, self.progress.say,
            longest_delay_s=self.config.restart_pause_s,
        )  # fmt: skip
        self.children.append(child)
        await child.start()
        return child

    async def _rotate(self) -> None:
        while True:
            await asyncio.sleep(ROTATE_EVERY_S)
            for child in self.children:
                try:
                    await asyncio.to_thread(child.journal.rotate)
                except OSError as error:  # a full disk may have room again by the next time
                    self.progress.say(f"the log of {child.spec.name} is not rotated: {error}")


def _worker_address() -> str:
    if importlib.util.find_spec("torch") is None:
        raise UpError(
            "torch is missing, so no worker can run here: install motet[worker] with "
            f"{Path(sys.executable)}, or name running workers in MOTET_WORKERS"
        )
    return os.environ.get("MOTET_WORKER_LISTEN") or local_worker_address()
