"""Who is in which slot, who may be evicted, who waits: the bookkeeping, without any memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from motet_inference.engine.messages import AdapterRef

# How long a slot that was loaded for a waiting request is kept for it before others may have it.
RESERVE_S = 2.0


class Residency:
    """Not thread-safe: `AdapterSlots` holds its lock around every call."""

    def __init__(self, num_slots: int, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._free = list(range(num_slots))
        self._slot_of: OrderedDict[str, int] = OrderedDict()  # least recently used first
        self._pins = [0] * num_slots
        self._reserved: dict[int, float] = {}
        self._news: dict[str, bool] = {}  # True: entered a slot since `poll`, False: left one
        self.wanted: OrderedDict[str, AdapterRef] = OrderedDict()  # in the order of first asking
        self._asked: set[str] = set()  # wanted by a request, not only to be warm

    @property
    def has_room(self) -> bool:
        """Whether one more could have a slot that nobody has or wants."""
        return len(self._free) > len(self.wanted)

    def is_awaited(self, digest: str) -> bool:
        """Whether a request has asked for it, and it is not there yet."""
        return digest in self._asked

    def holds(self, digest: str) -> bool:
        return digest in self._slot_of

    @property
    def resident(self) -> list[str]:
        return list(self._slot_of)

    def pin(self, digest: str) -> int | None:
        """Pin the digest's slot and mark it used; None when it has none."""
        slot = self._slot_of.get(digest)
        if slot is not None:
            self._slot_of.move_to_end(digest)
            self._reserved.pop(slot, None)
            self._pins[slot] += 1
        return slot

    def unpin(self, slot: int) -> bool:
        """True when that was the last pin."""
        if self._pins[slot] < 1:
            raise ValueError(f"slot {slot} is released more often than it was acquired")
        self._pins[slot] -= 1
        return self._pins[slot] == 0

    def hold(self, number: int) -> int | None:
        """Pin the number-th of the slots in use, round and round, without marking it as used."""
        if not self._slot_of:
            return None
        slots = sorted(self._slot_of.values())
        slot = slots[number % len(slots)]
        self._pins[slot] += 1
        return slot

    def want(self, ref: AdapterRef, *, asked: bool) -> bool:
        """Queue a digest that has no slot; True when that is news."""
        if ref.digest in self._slot_of:
            return False
        if asked:
            self._asked.add(ref.digest)
        if ref.digest in self.wanted:
            return False
        self.wanted[ref.digest] = ref
        return True

    def unwant(self, digest: str) -> None:
        self.wanted.pop(digest, None)
        self._asked.discard(digest)

    def can_place(self) -> bool:
        return bool(self._free) or self._victim() is not None

    def take(self) -> int:
        """A slot for writing, its old owner evicted. Call only after `can_place`."""
        if self._free:
            return self._free.pop()
        digest = self._victim()
        assert digest is not None
        slot = self._slot_of.pop(digest)
        self._reserved.pop(slot, None)
        self._note(digest, entered=False)
        return slot

    def settle(self, digest: str, slot: int) -> None:
        """The slot from `take` now holds this digest."""
        self._slot_of[digest] = slot
        if digest in self._asked:
            self._reserved[slot] = self._clock() + RESERVE_S
        self.unwant(digest)
        self._note(digest, entered=True)

    def give_up(self, slot: int) -> None:
        """The slot from `take` holds nothing."""
        self._free.append(slot)

    def next_expiry(self) -> float | None:
        """Seconds until the first reservation ends."""
        return min(self._reserved.values()) - self._clock() if self._reserved else None

    def poll(self) -> tuple[list[str], list[str]]:
        """Digests that entered and that left since the last call; neither, if both happened."""
        news, self._news = self._news, {}
        return [d for d, entered in news.items() if entered], [
            d for d, entered in news.items() if not entered
        ]

    def check(self) -> None:
        """Raises RuntimeError when slots were lost or given twice."""
        held = [*self._free, *self._slot_of.values()]
        if len(set(held)) != len(held) or any(self._pins[slot] for slot in self._free):
            raise RuntimeError(f"adapter slots: free {self._free}, held {self._slot_of}")

    def _victim(self) -> str | None:
        now = self._clock()
        for digest, slot in self._slot_of.items():
            if not self._pins[slot] and self._reserved.get(slot, now) <= now:
                return digest
        return None

    def _note(self, digest: str, *, entered: bool) -> None:
        if self._news.get(digest, entered) != entered:
            del self._news[digest]
        else:
            self._news[digest] = entered
