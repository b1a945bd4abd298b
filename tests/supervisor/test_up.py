"""What a person reads when `motet up` cannot start: one line that says what would help."""

import socket
import subprocess
import sys
from pathlib import Path

from motet_platform.supervisor import record
from motet_platform.supervisor.testing import clean_environment, free_port


def up(folder: Path, **settings: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "motet_platform.supervisor.up"],
        env=clean_environment(MOTET_VAR=str(folder / "var"), **settings),
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


def test_port_in_use(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, text = up(tmp_path, MOTET_PORT=str(port))
    assert status == 1
    assert f"cannot listen on 127.0.0.1:{port}" in text and "MOTET_PORT" in text
    assert not (tmp_path / "var" / "postgres").exists()


def test_second_one_on_the_same_folder(tmp_path: Path) -> None:
    with record.sole_supervisor(tmp_path / "var" / "run"):
        status, text = up(tmp_path, MOTET_PORT=str(free_port()))
    assert status == 1
    assert "motet already runs" in text and "MOTET_VAR" in text


def test_setting_that_cannot_be(tmp_path: Path) -> None:
    status, text = up(tmp_path, MOTET_PORT="eighty")
    assert status == 1
    assert "MOTET_PORT" in text or "port" in text
    assert not (tmp_path / "var").exists()


def test_database_that_is_no_postgres(tmp_path: Path) -> None:
    status, text = up(tmp_path, MOTET_DATABASE_URL="mysql://localhost/motet")
    assert status == 1
    assert "PostgreSQL" in text


def test_own_database_that_does_not_answer(tmp_path: Path) -> None:
    status, text = up(
        tmp_path,
        MOTET_PORT=str(free_port()),
        MOTET_DATABASE_URL=f"postgresql://motet@127.0.0.1:{free_port()}/motet",
        MOTET_WORKERS="127.0.0.1:9",
    )
    assert status == 1
    assert "database could not be prepared" in text and "prepare |" in text
