"""What one gateway process carries: python tests/bench/gateway.py [--streams 64] [--rate 50]

Real gateway, real PostgreSQL with fsync on, holds, settlements and usage records; the worker is a
paced stub (stub_worker.py) and the clients are bare sockets (http_load.py). CPU is the gateway
process's own, from /proc. Everything shares this machine's cores: on few of them, the clients and
the stub take from the gateway.
"""

import argparse
import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psycopg
import uvloop
from http_load import Load
from motet_billing.audit import AUDIT
from motet_inference.tiny import BASE
from motet_platform.embedded.postgres import EmbeddedPostgres
from motet_platform.supervisor.testing import clean_environment, free_port, until

MOTET = [sys.executable, "-m", "motet_platform"]
TICK = os.sysconf("SC_CLK_TCK")


@contextmanager
def process(command: list[str], environment: Mapping[str, str], log: Path) -> Iterator[int]:
    """A process for as long as the block lasts; its id."""
    with log.open("wb") as file:
        started = subprocess.Popen(command, env=environment, stdout=file, stderr=file)
    try:
        yield started.pid
    finally:
        started.terminate()
        started.wait(60)


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


class Bench:
    """A gateway under load."""

    def __init__(self, stack: ExitStack, folder: Path, rate: float) -> None:
        self.rate = rate
        server = EmbeddedPostgres(folder / "var")
        server.start()
        stack.callback(server.stop)
        self.database = server.url
        stub, self.port = free_port(), free_port()
        environment = clean_environment(
            MOTET_DATABASE_URL=server.url, MOTET_VAR=str(folder / "var"),
            MOTET_PORT=str(self.port), MOTET_WORKERS=f"127.0.0.1:{stub}",
            MOTET_SIGNUP_CREDIT_USD="1000", MOTET_GATEWAY_STREAMS_PER_ACCOUNT="4096",
            MOTET_GATEWAY_REQUESTS_PER_MINUTE="10000000",
            MOTET_GATEWAY_TOKENS_PER_MINUTE="10000000000",
        )  # fmt: skip

        def motet(*arguments: str) -> str:
            return subprocess.check_output([*MOTET, *arguments], env=environment, text=True)

        motet("migrate")
        motet("models", "add", "motet-tiny", "--path", str(BASE), "--price", "0.1,0.05,0.2")
        made = json.loads(motet("accounts", "create", "--email", "load@example.com", "--json"))
        self.key = made["api_key"]
        worker = [
            sys.executable,
            str(Path(__file__).with_name("stub_worker.py")),
            str(stub),
            str(rate),
        ]
        stack.enter_context(process(worker, environment, folder / "stub.log"))
        self.gateway = stack.enter_context(
            process([*MOTET, "gateway"], environment, folder / "gateway.log")
        )
        until(lambda: answers(f"http://127.0.0.1:{self.port}"), "the gateway")

    async def whole(self, clients: int, seconds: float) -> None:
        load = Load(self.port, self.key)
        await load.answers(clients, 1)  # connections, caches
        load.waits.clear()
        before = cpu_seconds(self.gateway)
        rate = await load.answers(clients, seconds)
        cpu = (cpu_seconds(self.gateway) - before) / len(load.waits)
        print(
            f"| {clients} clients, whole answers | {rate:,.0f} requests/s "
            f"| p50 {statistics.median(load.waits) * 1e3:.1f}, "
            f"p99 {percentile(load.waits, 0.99) * 1e3:.1f} ms | {cpu * 1e6:,.0f} us a request |",
            flush=True,
        )
        assert not load.failures, load.failures[0]

    async def paced(self, streams: int, seconds: float) -> None:
        load = Load(self.port, self.key)
        await load.streams(streams, 10)
        load.delays.clear()
        before, start = cpu_seconds(self.gateway), time.monotonic()
        rate = await load.streams(streams, int(seconds * self.rate))
        cpu = cpu_seconds(self.gateway) - before
        share = cpu / (time.monotonic() - start)
        print(
            f"| {streams} streams at {self.rate:g} tokens/s | {rate:,.0f} tokens/s, "
            f"{rate / streams / self.rate:.0%} of what was sent "
            f"| p50 {statistics.median(load.delays) * 1e3:.1f}, "
            f"p99 {percentile(load.delays, 0.99) * 1e3:.1f} ms "
            f"| {cpu / len(load.delays) * 1e6:.1f} us a token, {share:.0%} of a core |",
            flush=True,
        )
        assert not load.failures, load.failures[0]

    def audit(self) -> None:
        with psycopg.connect(self.database) as database:
            assert database.execute(AUDIT).fetchall() == []
            (held,) = database.execute(
                "SELECT count(*) FROM billing_hold WHERE state = 'held'"
            ).fetchone() or (0,)
            assert held == 0, held


async def run(bench: Bench, options: argparse.Namespace) -> None:
    print("| load | throughput | time per answer, or token's delay | CPU of the gateway |")
    print("|---|---|---|---|")
    for clients in options.clients:
        await bench.whole(clients, options.seconds)
    for streams in options.streams:
        await bench.paced(streams, options.seconds)
    bench.audit()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--clients", type=int, nargs="*", default=[1, 16, 64])
    parser.add_argument("--streams", type=int, nargs="*", default=[1, 64, 256, 512])
    parser.add_argument("--rate", type=float, default=50, help="tokens per second and stream")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="motet-bench-"))
    folder.chmod(0o711)
    try:
        with ExitStack() as stack:
            bench = Bench(stack, folder, options.rate)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(run(bench, options))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
