"""The process that `motet gateway` starts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
from motet_platform.supervisor.testing import free_port

SERVE = "import sys; from motet_platform.gateway.server import serve; sys.exit(serve())"


@contextmanager
def process(dsn: str, port: int, tmp_path: Path, **more: str) -> Iterator[subprocess.Popen[str]]:
    parts = psycopg.conninfo.conninfo_to_dict(dsn)
    env = {
        **os.environ,
        "MOTET_DATABASE_URL": "postgresql:///?" + "&".join(f"{k}={v}" for k, v in parts.items()),
        "MOTET_PORT": str(port),
        "MOTET_VAR": str(tmp_path),
        "MOTET_SECRET_KEY": "only-for-tests-" + "0" * 40,
        "MOTET_WORKERS": "",
        "DJANGO_SETTINGS_MODULE": "motet_platform.settings",
        **more,
    }
    child = subprocess.Popen(
        [sys.executable, "-c", SERVE], env=env, stderr=subprocess.PIPE, text=True
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def wait_healthy(child: subprocess.Popen[str], port: int) -> None:
    for _ in range(600):
        assert child.poll() is None, child.communicate()[1]
        try:
            if httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the gateway never became healthy")


def test_one_gateway_without_redis(dsn: str, tmp_path: Path) -> None:
    first_port, second_port = free_port(), free_port()
    with process(dsn, first_port, tmp_path) as first:
        wait_healthy(first, first_port)
        with process(dsn, second_port, tmp_path) as second:
            _, said = second.communicate(timeout=60)
            assert second.returncode == 1
            assert "MOTET_REDIS_URL" in said
            assert "Traceback" not in said
        assert httpx.get(f"http://127.0.0.1:{first_port}/healthz").status_code == 200
        ready = httpx.get(f"http://127.0.0.1:{first_port}/readyz")
        assert (ready.status_code, ready.json()["error"]["code"]) == (503, "not_ready")
        first.send_signal(signal.SIGTERM)
        _, said = first.communicate(timeout=60)
        assert first.returncode in (0, -signal.SIGTERM)
        assert "Traceback" not in said


def test_two_gateways_with_redis(dsn: str, tmp_path: Path, redis_url: str) -> None:
    ports = [free_port(), free_port()]
    with (
        process(dsn, ports[0], tmp_path, MOTET_REDIS_URL=redis_url) as first,
        process(dsn, ports[1], tmp_path, MOTET_REDIS_URL=redis_url) as second,
    ):
        wait_healthy(first, ports[0])
        wait_healthy(second, ports[1])


def test_a_bad_setting_stops_the_start(dsn: str, tmp_path: Path) -> None:
    with process(dsn, free_port(), tmp_path, MOTET_GATEWAY_DRAIN_S="soon") as child:
        _, said = child.communicate(timeout=60)
    assert child.returncode != 0
    assert "drain_s" in said.lower()
