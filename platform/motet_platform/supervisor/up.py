"""`motet up`: sets up what is missing, starts everything, stays, and ends everything."""

import asyncio
import json
import os
import signal
import sys
from typing import Any

from pydantic import ValidationError

from motet_platform.config import Config, ConfigError, get_config
from motet_platform.embedded.errors import EmbeddedError
from motet_platform.embedded.place import make_folder

from . import record
from .environment import require_free
from .errors import UpError
from .progress import Progress
from .ready import wait_models, wait_ready
from .stack import Stack

START_S = 240.0
TENANTS = ("store", "tmp")  # with what tenants upload: nobody else of this machine may look
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # the last: the terminal is gone


def run() -> int:
    """Runs until SIGINT or SIGTERM; the exit status. Errors that a user can mend take one line."""
    progress = Progress()
    try:
        config = get_config()
        # Others may pass through to PostgreSQL's own folder; only root needs that.
        make_folder(config.var, mode=0o711 if os.geteuid() == 0 else 0o700)
        for name in TENANTS:
            make_folder(config.var / name)
        with record.sole_supervisor(config.var / "run"):
            return asyncio.run(_run(config, progress))
    except (UpError, EmbeddedError, ConfigError, ValidationError) as error:
        progress.say(f"motet cannot start: {error}")
        return 1
    except KeyboardInterrupt:
        return 130


async def _run(config: Config, progress: Progress) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop.set)
    stack = Stack(config, progress)
    starting = asyncio.create_task(_start(stack))
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({starting, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            progress.say(starting.result())
            await stopped
    finally:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        stopped.cancel()
        for number in STOP_SIGNALS:  # a second one ends at once
            loop.remove_signal_handler(number)
        with progress.step("stopping"):
            await stack.stop()
    return 0


async def _start(stack: Stack) -> str:
    """Starts everything in order and returns the line that says so."""
    config, progress = stack.config, stack.progress
    for name in await asyncio.to_thread(record.end_leftovers, stack.run_folder):
        progress.say(f"  ended {name}, left behind by an earlier run")
    if config.port == 0:
        raise UpError("MOTET_PORT=0: give the port that clients will be told")
    require_free(config.host, config.port, "MOTET_PORT")
    config.require_secret_key()
    with progress.step("database"):
        url = await stack.start_database()
    await stack.start_worker(url)
    with progress.step("tables and demo account"):
        demo = await stack.prepare()
    await stack.start_sandbox()
    await stack.start_services()
    address = f"http://{_reachable(config.host)}:{config.port}"
    with progress.step("gateway, tasks and worker"):
        await wait_ready(address, stack.require_alive, patience=START_S)
    with progress.step("models and adapters"):
        models = await wait_models(
            address, demo["api_key"], demo["models"], stack.require_alive, patience=START_S
        )
    return _announce(config, address, {**demo, "models": models})


def _announce(config: Config, address: str, demo: dict[str, Any]) -> str:
    path = config.var / "demo.json"
    public = config.public_url if os.environ.get("MOTET_PUBLIC_URL") else address
    content = {
        "base_url": f"{public}/v1",
        "api_key": demo["api_key"],
        "dashboard_url": f"{public}/",
        "email": demo["email"],
        "password": demo["password"],
        "models": demo["models"],
    }
    record.write_private(path, json.dumps(content, indent=2))
    return f"motet is ready: {public}  key and models: {path}  logs: {config.var / 'logs'}"


def _reachable(host: str) -> str:
    """The address to call a server that listens on `host`."""
    if host in ("0.0.0.0", "::"):  # noqa: S104  (compared, not bound)
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


if __name__ == "__main__":
    sys.exit(run())
