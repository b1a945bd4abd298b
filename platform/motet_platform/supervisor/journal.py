"""A child's output on disk: appended by the child itself, rotated by the supervisor.

No pipe lies between: a child that outlives a killed supervisor can still write, and a supervisor
that is stopped in a terminal holds up nobody.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import IO

MAX_BYTES = 10 * 1024 * 1024
KEPT = 3


@dataclass(frozen=True)
class Journal:
    """`<folder>/<name>.log` and its KEPT older parts."""

    folder: Path
    name: str

    @property
    def path(self) -> Path:
        return self.folder / f"{self.name}.log"

    def open(self) -> IO[bytes]:
        """For appending, which is what makes truncation under a running child safe."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        return self.path.open("ab")

    def rotate(self, limit: int = MAX_BYTES) -> None:
        """Copies and truncates when the file is past `limit` bytes. OSError: all is as it was."""
        if not self.path.exists() or self.path.stat().st_size <= limit:
            return
        copy = self.folder / f"{self.name}.log.new"
        try:
            shutil.copyfile(self.path, copy)
        except OSError:
            copy.unlink(missing_ok=True)  # half of it would only keep a full disk full
            raise
        for number in range(KEPT, 1, -1):
            older = self._part(number - 1)
            if older.exists():
                older.replace(self._part(number))
        copy.replace(self._part(1))
        with self.path.open("ab") as file:
            file.truncate(0)

    def tail(self, lines: int = 12) -> str:
        """The last lines, each with the child's name before it."""
        if not self.path.exists():
            return ""
        with self.path.open("rb") as file:
            file.seek(max(0, self.path.stat().st_size - 16_384))
            text = file.read().decode(errors="replace")
        return "\n".join(f"{self.name} | {line}" for line in text.splitlines()[-lines:])

    def _part(self, number: int) -> Path:
        return self.folder / f"{self.name}.log.{number}"
