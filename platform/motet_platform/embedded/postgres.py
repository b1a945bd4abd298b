"""One embedded PostgreSQL server: make it, start it, ask it, stop it, bring it back."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import psycopg

from . import bind, leftover
from .errors import EmbeddedError
from .owner import current_owner
from .place import find_place

DATABASE = "motet"
ROLE = "motet"

# On the command line, so that what runs always follows this file and never an edited copy.
DURABLE = {
    "listen_addresses": "",  # Unix socket only, in a folder of mode 700
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
}
FOR_TESTS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgres:
    """A server whose data live below `var`. One process at a time may own it.

    `settings` override DURABLE (tests turn fsync off). Authentication is `trust`: the only door is
    a socket in a folder that the server's user alone can enter.
    """

    def __init__(self, var: Path, *, settings: Mapping[str, str] | None = None) -> None:
        self.owner = current_owner()
        self.place = find_place(var, self.owner)
        self.settings = {**DURABLE, **(settings or {})}
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self._url(DATABASE)

    def _url(self, database: str) -> str:
        return f"postgresql://{ROLE}@/{database}?host={quote(str(self.place.sockets), safe='/')}"

    def prepare(self) -> None:
        """Makes the data folder if needed and clears what a killed server left. Blocks."""
        data = self.place.data
        if not data.exists():
            self._initdb()
        version = (data / "PG_VERSION").read_text().strip()
        ours = self._output("postgres", "--version").split()[-1].split(".")[0]
        if version != ours:
            raise EmbeddedError(
                f"{data} was made by PostgreSQL {version} and this is {ours}: move the data with "
                "pg_dump, or set MOTET_DATABASE_URL to a server of the old version"
            )
        leftover.end_server(data, self.place.sockets)

    def command(self, *, parent: int | None = None) -> list[str]:
        """The foreground server as an argument list, for a supervisor to run as its child.

        It changes to the owner by itself and shuts down fast when the process `parent` (default:
        this one) dies.
        """
        user = f"{self.owner.uid}:{self.owner.gid}" if self.owner.switch else ""
        launch = [sys.executable, "-I", "-S", bind.__file__, "SIGINT"]
        launch += [str(parent or os.getpid()), user]
        server = [str(self.place.program / "bin" / "postgres"), "-D", str(self.place.data)]
        server += ["-k", str(self.place.sockets)]
        for name, value in self.settings.items():
            server += ["-c", f"{name}={value}"]
        return launch + server

    def ready(self) -> bool:
        """Connects: neither a pid file nor a live process proves that a server answers."""
        try:
            with psycopg.connect(self._url("postgres"), connect_timeout=2, autocommit=True) as db:
                found = db.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
                if found.fetchone() is None:
                    db.execute(f"CREATE DATABASE {DATABASE}")
        except psycopg.OperationalError:
            return False
        return True

    def start(self, *, timeout: float = 60, log: Path | None = None) -> None:
        """Starts the server and waits until it answers; raises EmbeddedError with its last words.

        The server lives as long as the calling thread.
        """
        self.prepare()
        log = log or self.place.data.parent / "server.log"
        with log.open("ab") as sink:
            self.process = subprocess.Popen(  # noqa: S603
                self.command(), stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, cwd="/"
            )
        end = time.monotonic() + timeout
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                tail = "\n".join(log.read_text(errors="replace").splitlines()[-8:])
                raise EmbeddedError(f"PostgreSQL did not start:\n{tail}")
            time.sleep(0.05)

    def stop(self, *, timeout: float = 20) -> None:
        """Fast shutdown: open transactions are rolled back, the rest is on disk."""
        if self.process is None:
            return
        process, self.process = self.process, None
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGQUIT)
                process.wait(timeout)

    def _initdb(self) -> None:
        """Into a folder beside, renamed when whole: an interrupted initdb is started anew."""
        fresh = self.place.data.with_name("data.new")
        if fresh.exists():
            shutil.rmtree(fresh)
        self._output(
            "initdb", "-D", str(fresh), f"--username={ROLE}", "--auth=trust", "--encoding=UTF8",
            "--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            "--no-instructions", *([] if self.settings["fsync"] == "on" else ["--no-sync"]),
        )  # fmt: skip
        fresh.rename(self.place.data)

    def _output(self, program: str, *arguments: str) -> str:
        done: subprocess.CompletedProcess[str] = subprocess.run(  # noqa: S603
            [self.place.program / "bin" / program, *arguments],
            cwd="/", capture_output=True, text=True, **self.owner.popen,
        )  # fmt: skip
        if done.returncode != 0:
            raise EmbeddedError(f"{program} failed: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout
