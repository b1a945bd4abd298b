"""Text that tenants chose, on a terminal: it is shown, and neither read as markup nor obeyed."""

import io
import sys
from collections.abc import Callable

import pytest
from motet_platform.cli import output

COLUMNS = ["account", "name"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What `print_table` writes to a terminal."""
    for name in ("NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")

    def show(*row: object) -> str:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", Terminal())
            output.print_table(COLUMNS, [row])
            return str(sys.stdout.getvalue())  # type: ignore[attr-defined]

    return show


@pytest.mark.parametrize("name", ["[/x]", "[link=https://evil.example]Acme[/link]", "[red]Acme"])
def test_a_cell_is_no_markup(shown: Callable[..., str], name: str) -> None:
    text = shown("acme", name)
    assert name in text and "\x1b]8;" not in text


@pytest.mark.parametrize("end", ["\x1b\\", "\x07", "\x9c"])
def test_a_terminal_is_told_nothing_by_a_name(
    shown: Callable[..., str], capsys: pytest.CaptureFixture[str], end: str
) -> None:
    name = f"\x1b]8;;https://evil.example{end}Acme\x1b]8;;{end}"
    text = shown("acme", name)
    output.note(f"{name} is gone\nand nothing else")
    note = capsys.readouterr().err
    assert "\x1b]8;" not in text + note
    assert "Acme" in text and "gone\nand" in note


def test_a_name_makes_no_line_and_no_column_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table(COLUMNS, [["acme", "a\tb\nadmin\tc"], ["other", None]])
    assert capsys.readouterr().out == "acme\ta b admin c\nother\t\n"
