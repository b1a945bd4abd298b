"""What the person at the terminal sees while the platform comes up."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rich.console import Console


class Progress:
    """A line for each step that is done, and a moving one for the step under way."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, doing: str) -> Iterator[None]:
        """Shows `doing` until the block ends, then what it took. A failed step leaves no line."""
        begun = time.monotonic()
        if self.console.is_terminal:
            with self.console.status(doing):
                yield
        else:
            yield
        self.console.print(f"  [green]ok[/] {doing} [dim]{time.monotonic() - begun:.1f} s[/]")

    def say(self, line: str) -> None:
        """One line about something that happened, such as a restart."""
        with suppress(OSError):  # where nobody can be told, the platform still goes on
            self.console.print(line, markup=False)
