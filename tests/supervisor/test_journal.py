"""Logs stay bounded while a child holds them open."""

from pathlib import Path

from motet_platform.supervisor.journal import KEPT, Journal


def test_rotates_under_a_writer_and_keeps_a_few_parts(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "logs", "gateway")
    with journal.open() as writer:
        for number in range(KEPT + 2):
            writer.write(b"%d\n" % number * 100)
            writer.flush()
            journal.rotate(limit=50)
        writer.write(b"after\n")
    assert journal.path.read_text() == "after\n"
    parts = sorted(path.name for path in journal.folder.glob("gateway.log.*"))
    assert parts == [f"gateway.log.{number}" for number in range(1, KEPT + 1)]
    assert (journal.folder / "gateway.log.1").read_text().startswith(f"{KEPT + 1}\n")


def test_small_file_is_left_alone(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "logs", "gateway")
    with journal.open() as writer:
        writer.write(b"one\n")
    journal.rotate(limit=50)
    assert list(journal.folder.iterdir()) == [journal.path]


def test_tail_names_the_child(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "logs", "tasks")
    assert journal.tail() == ""
    with journal.open() as writer:
        writer.write(b"one\ntwo\nthree\n")
    assert journal.tail(2) == "tasks | two\ntasks | three"
