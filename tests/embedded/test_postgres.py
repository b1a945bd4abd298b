"""The embedded server is made, survives kill -9, and leaves no folder opened."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from motet_platform.embedded.errors import EmbeddedError
from motet_platform.embedded.owner import current_owner
from motet_platform.embedded.place import SOCKET_MAX, SOCKET_NAME, copy_program, packaged_program
from motet_platform.embedded.postgres import FOR_TESTS, EmbeddedPostgres

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to switch the user")


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that the server's user can enter (pytest's own are closed to others)."""
    path = Path(tempfile.mkdtemp(prefix="motet-embedded-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(folder / "var", settings=FOR_TESTS)
    server.start()
    yield server
    server.stop()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_answers_as_its_own_user_and_only_by_socket(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.url) as db:
        row = db.execute("SELECT current_database(), current_setting('listen_addresses')")
        assert row.fetchone() == ("motet", "")
    assert server.process is not None
    assert psutil.Process(server.process.pid).uids().effective == server.owner.uid != 0
    assert mode(server.place.sockets) == mode(server.place.data) == 0o700


def test_default_settings_are_durable(folder: Path) -> None:
    words = EmbeddedPostgres(folder / "var").command()
    assert {"fsync=on", "synchronous_commit=on", "full_page_writes=on"} <= set(words)


def test_committed_rows_survive_kill_9_of_everything(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "var")
    server.start()
    with psycopg.connect(server.url, autocommit=True) as db:
        db.execute("CREATE TABLE kept (n int)")
        db.execute("INSERT INTO kept VALUES (7)")
        assert server.process is not None
        postmaster = psutil.Process(server.process.pid)
        family = [postmaster, *postmaster.children(recursive=True)]
        for process in family:
            process.kill()
        server.process.wait()
    assert not server.ready()
    server.start()
    with psycopg.connect(server.url) as db:
        assert db.execute("SELECT n FROM kept").fetchone() == (7,)
    server.stop()


def test_lock_files_that_name_a_foreign_process_is_no_obstacle(server: EmbeddedPostgres) -> None:
    server.stop()
    stale = server.place.data / "postmaster.pid"
    sleeper = subprocess.Popen(["sleep", "60"], **server.owner.popen)
    try:
        lines = f"{sleeper.pid}\n{server.place.data}\n1\n5432\n{server.place.sockets}\n\n\n"
        stale.write_text(lines)
        (server.place.sockets / f"{SOCKET_NAME}.lock").write_text(lines)
        server.start()
        assert server.ready()
        assert sleeper.poll() is None
    finally:
        sleeper.kill()
        sleeper.wait()


def test_a_server_left_running_is_ended_before_a_new_start(server: EmbeddedPostgres) -> None:
    assert server.process is not None
    left = server.process
    other = EmbeddedPostgres(server.place.data.parents[1], settings=FOR_TESTS)
    other.prepare()
    assert left.wait(10) is not None
    assert not (server.place.data / "postmaster.pid").exists()


def test_interrupted_initdb_is_started_anew(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "var", settings=FOR_TESTS)
    half = server.place.data.with_name("data.new")
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    server.start()
    assert server.ready()
    server.stop()


def test_data_of_another_major_version_is_refused(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "var", settings=FOR_TESTS)
    server.prepare()
    (server.place.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedError, match=r"PostgreSQL 9 .*pg_dump"):
        server.prepare()


def test_server_ends_when_its_parent_is_killed(folder: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path\n"
        "from motet_platform.embedded.postgres import FOR_TESTS, EmbeddedPostgres\n"
        "server = EmbeddedPostgres(Path(sys.argv[1]), settings=FOR_TESTS); server.start()\n"
        "print(server.process.pid, flush=True); time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(folder / "var")], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    postmaster = psutil.Process(int(parent.stdout.readline()))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert psutil.wait_procs([postmaster], timeout=30)[1] == []


def test_deep_folder_gets_a_short_socket_path(folder: Path) -> None:
    deep = folder / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    server = EmbeddedPostgres(deep / "var", settings=FOR_TESTS)
    try:
        assert len(str(server.place.sockets / SOCKET_NAME)) <= SOCKET_MAX
        assert server.place.data.is_relative_to(deep)
        server.start()
        assert server.ready()
    finally:
        server.stop()
        server.place.sockets.rmdir()


@as_root
def test_closed_folder_stays_closed_and_data_go_elsewhere(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    program = packaged_program()
    for name in (program.parent.name, program.parent.name + ".libs"):
        (closed / name).symlink_to(program.parents[1] / name)
    hidden = closed / program.parent.name / program.name
    monkeypatch.setattr("motet_platform.embedded.place.packaged_program", lambda: hidden)
    monkeypatch.setenv("MOTET_HOME", str(folder / "home"))
    server = EmbeddedPostgres(closed / "checkout" / "var", settings=FOR_TESTS)
    assert server.place.data.is_relative_to(folder / "home")
    assert server.place.program.is_relative_to(folder / "home")
    assert mode(closed) == 0o700
    server.start()
    assert server.ready()
    server.stop()


@as_root
def test_no_place_to_go_names_what_to_set(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setenv("MOTET_HOME", str(closed / "home"))
    with pytest.raises(EmbeddedError, match=r"MOTET_HOME or MOTET_VAR .*MOTET_DATABASE_URL"):
        EmbeddedPostgres(closed / "var")
    assert mode(closed) == 0o700


def test_copied_program_runs_by_itself(folder: Path) -> None:
    program = copy_program(packaged_program(), folder)
    done = subprocess.run(
        [program / "bin" / "initdb", "--version"],
        capture_output=True, text=True, cwd="/", **current_owner().popen,
    )  # fmt: skip
    assert "PostgreSQL" in done.stdout
    assert copy_program(packaged_program(), folder) == program
