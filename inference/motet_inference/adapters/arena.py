"""One block of memory, handed out in pieces and taken back."""

from __future__ import annotations

from bisect import insort

_ALIGN = 4096


class Arena:
    """First fit over what is free, neighbours joined. Positions alone: it never touches the memory.

    Page-locking memory costs a fraction of a millisecond for each megabyte, and other threads'
    launches wait meanwhile: it is done once, for all adapters that will ever lie there.
    """

    def __init__(self, size: int) -> None:
        self._free: list[tuple[int, int]] = [(0, size)]  # (start, end), ascending, apart
        self._taken: dict[int, int] = {}

    def take(self, size: int) -> int | None:
        """Where a piece of so many bytes begins, aligned to a page; None where none is free."""
        length = max(1, -(-size // _ALIGN)) * _ALIGN
        for i, (start, end) in enumerate(self._free):
            if end - start >= length:
                self._free[i : i + 1] = [(start + length, end)] if end - start > length else []
                self._taken[start] = start + length
                return start
        return None

    def give(self, start: int) -> None:
        """Take a piece back. Raises ValueError for what is not one."""
        if start not in self._taken:
            raise ValueError(f"no piece begins at {start}")
        insort(self._free, (start, self._taken.pop(start)))
        joined: list[tuple[int, int]] = []
        for piece in self._free:
            if joined and joined[-1][1] == piece[0]:
                piece = (joined.pop()[0], piece[1])
            joined.append(piece)
        self._free = joined
