"""One PostgreSQL per run, started when the first test asks for a database.

The controller owns the server and every xdist worker inherits its address, so nobody else starts
one. A test that needs no database neither waits for the server nor imports Django.
"""

import importlib.util
import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from .hub import StandIn, running

# How long an example takes says nothing here: other tests share the cores.
settings.register_profile("motet", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("motet")

BELL = "MOTET_TEST_BELL"  # socket at which a worker asks the controller to start the server


class TestServer:
    """Listens at a socket and starts the server at the first ring.

    The server is started from this thread, which lives to the end of the run, as it must: a
    child's death signal hangs on the thread that made it.
    """

    __test__ = False

    def __init__(self) -> None:
        from motet_platform.embedded.postgres import FOR_TESTS, EmbeddedPostgres

        self.folder = Path(tempfile.mkdtemp(prefix="motet-test-"))
        self.folder.chmod(0o711)
        self.server = EmbeddedPostgres(self.folder / "var", settings=FOR_TESTS)
        self.bell = socket.socket(socket.AF_UNIX)
        self.bell.bind(str(self.folder / "bell"))
        self.bell.listen(64)
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def _listen(self) -> None:
        while True:
            caller, _ = self.bell.accept()
            with caller:
                asked = caller.recv(16)
                if asked == b"end":
                    self.server.stop()
                    return
                try:
                    if self.server.process is None:
                        self.server.start()
                    caller.sendall(b"ok")
                except Exception as error:
                    caller.sendall(f"{type(error).__name__}: {error}".encode())

    def close(self) -> None:
        ring(str(self.folder / "bell"), b"end")
        self.thread.join(60)
        self.bell.close()
        for folder in (self.server.place.data.parent, self.folder):
            shutil.rmtree(folder, ignore_errors=True)


def ring(path: str, word: bytes) -> str:
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(120)
        caller.connect(path)
        caller.sendall(word)
        return caller.recv(65536).decode()


def pytest_configure(config: pytest.Config) -> None:
    if importlib.util.find_spec("django") is None:
        return
    if not hasattr(config, "workerinput") and "MOTET_DATABASE_URL" not in os.environ:
        server = TestServer()
        config.add_cleanup(server.close)
        os.environ["MOTET_DATABASE_URL"] = server.server.url
        os.environ[BELL] = str(server.folder / "bell")
        os.environ["MOTET_VAR"] = str(server.folder / "var")
    os.environ.setdefault("MOTET_SECRET_KEY", "only-for-tests-" + "0" * 40)
    if importlib.util.find_spec("motet_platform.settings") is not None:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "motet_platform.settings")
        import django

        django.setup()  # pytest-django looks for set-up settings right after this hook


@pytest.fixture(scope="session")
def database_url() -> str:
    """URL of the run's PostgreSQL, which answers when this returns. Loud when it does not start."""
    if path := os.environ.get(BELL):
        answer = ring(path, b"start")
        if answer != "ok":
            pytest.fail(answer, pytrace=False)
    if "MOTET_DATABASE_URL" not in os.environ:
        pytest.fail("no database: install the platform extra, or set MOTET_DATABASE_URL")
    return os.environ["MOTET_DATABASE_URL"]


@pytest.fixture
def hub() -> Iterator[StandIn]:
    """A hub, its CDN and a bucket on loopback."""
    with running() as stand_in:
        yield stand_in


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    database_url: str, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """pytest-django's hook before it makes its test database; the server has to run by then."""
