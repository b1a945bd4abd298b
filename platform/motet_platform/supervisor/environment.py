"""The environment of the children: what the user set, and defaults for the rest."""

import os
import socket
from collections.abc import Mapping

from motet_inference.tiny import BASE

from motet_platform.config import Config

from .errors import UpError

WORKER_PORT = 7070


def children_environment(config: Config, database_url: str, worker: str | None) -> dict[str, str]:
    """Every address that the children need, absolute; `worker` is a local worker's host:port."""
    environment = {
        **os.environ,
        "MOTET_VAR": str(config.var),
        "MOTET_STORE": config.store,
        "MOTET_DATABASE_URL": database_url,
        "PYTHONUNBUFFERED": "1",
    }
    if worker is not None:
        environment["MOTET_WORKERS"] = worker
    return environment


def worker_environment(base: Mapping[str, str], config: Config, address: str) -> dict[str, str]:
    """For the local CPU worker: the shipped base, unless MOTET_WORKER_* says otherwise."""
    folder = config.var / "worker"
    folder.mkdir(mode=0o700, exist_ok=True)
    kept = {
        name: value
        for name, value in base.items()
        if not name.startswith("MOTET_") or name.startswith(("MOTET_WORKER_", "MOTET_S3_"))
    }  # a worker gets neither the database's address nor the secret key
    defaults = {
        "MOTET_WORKER_BASE": str(BASE),
        "MOTET_WORKER_CACHE": str(folder / "adapters"),
        "MOTET_WORKER_JOURNAL": str(folder / "usage.jsonl"),
    }
    if "MOTET_WORKER_BASE" not in base:
        defaults["MOTET_WORKER_MODEL"] = "motet-tiny"
    return {**defaults, **kept, "MOTET_WORKER_LISTEN": address}


def require_free(host: str, port: int, variable: str) -> None:
    """Raises UpError when another program listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UpError(
                f"cannot listen on {host}:{port} ({error.strerror}): "
                f"stop the program that does, or set {variable} to another"
            ) from error


def local_worker_address() -> str:
    """The usual port if it is free, else any free one."""
    for port in (WORKER_PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return f"127.0.0.1:{probe.getsockname()[1]}"
    raise UpError("no port of 127.0.0.1 is free for the worker: set MOTET_WORKER_LISTEN")
