"""Who runs: choices with their blocks and their adapter's slot.

Invariants: a choice that runs holds blocks for all its tokens, and its request one pin of its
adapter's slot; a choice that does not run may keep blocks until someone needs them; a request none
of whose choices runs holds no pin.
"""

from bisect import insort
from collections import Counter

from motet_inference.engine.blocks import BlockPool
from motet_inference.engine.config import EngineConfig
from motet_inference.engine.plan import Plan
from motet_inference.engine.request import Choice, Request
from motet_inference.engine.slots import Slots
from motet_inference.engine.waiting import WaitingLine


class Seats:
    """Gives and takes the resources of a step; decides nothing about fairness."""

    def __init__(self, config: EngineConfig, slots: Slots | None) -> None:
        self.pool = BlockPool(config.num_blocks, prefix_cache=config.prefix_cache)
        self.running: list[Choice] = []  # in order of arrival
        self.waiting = WaitingLine()
        self._idle: set[Choice] = set()  # not running, with blocks
        self._slots = slots
        self._pins: Counter[str] = Counter()  # digest -> requests
        self._starved: Request | None = None
        self._config = config

    @property
    def full(self) -> bool:
        return len(self.running) >= self._config.max_batch

    @property
    def can_admit(self) -> bool:
        """Whether there is a seat, and someone to try it with: not one that awaits its adapter."""
        return not self.full and any(not self._awaits_adapter(c) for c in self.waiting.all)

    @property
    def claimants(self) -> list[Choice]:
        """Of each account the first in line that could take a seat now, as far as is known."""
        lines = (self.waiting.of(account) for account in self.waiting.accounts)
        firsts = (next((c for c in line if not self._awaits_adapter(c)), None) for line in lines)
        return [choice for choice in firsts if choice is not None]

    def blocks_for(self, tokens: int) -> int:
        return -(-tokens // self._config.block_size)

    def pin(self, request: Request, plan: Plan) -> bool:
        """Take the adapter's slot, if the request needs one it does not have.

        Raises:
            AdapterError: the adapter can never be had.
        """
        ref = request.adapter
        if ref is None or request.slot is not None:
            return True
        starved = self._starving()
        kept_back = starved is not None and starved.adapter != ref
        if ref.digest in plan.unavailable or kept_back:
            return False
        assert self._slots is not None
        slot = self._slots.acquire(ref)
        if slot is None:
            plan.unavailable.add(ref.digest)
            self._note_wait(request, plan.step)
            return False
        request.slot, request.starved_since = slot, None
        self._pins[ref.digest] += 1
        return True

    def seat(self, choice: Choice) -> bool:
        """Give a waiting choice its blocks, what is cached among them, and let it run.

        False, and its pin undone, if there are too few: each running choice may need one more soon.
        """
        size = self._config.block_size
        while True:
            matched: list[int] = []
            if not choice.blocks:
                matched = self.pool.match(choice.chain(size)[: (len(choice.tokens) - 1) // size])
            # It may hold one more than it needs: see `reserve`.
            missing = self.blocks_for(len(choice.tokens)) - len(choice.blocks)
            fresh = max(0, missing - len(matched))
            cost = fresh + self.pool.num_free_among(matched)
            if cost == 0 or self.pool.num_free - cost >= len(self.running):
                break
            if not self._reclaim(keep=choice):
                self._unpin(choice.request)
                return False
        self.pool.take(matched)
        choice.num_computed += len(matched) * size
        choice.num_published += len(matched)
        choice.blocks.extend(matched + self.pool.allocate(fresh))
        self.waiting.remove(choice)
        self._idle.discard(choice)
        choice.phase = "running"
        insort(self.running, choice, key=lambda c: c.order)
        return True

    def grow(self, choice: Choice, plan: Plan) -> bool:
        """Give a decoding choice the block of its next token; False if it had to leave instead.

        Blocks come from choices that do not run, then from the latest arrival, which may be itself.
        """
        while len(choice.blocks) < self.blocks_for(len(choice.tokens)):
            if self.pool.num_free:
                choice.blocks.extend(self.pool.allocate(1))
            elif not self._reclaim(keep=choice):
                latest = self.running[-1]
                self.preempt(latest)
                self._release(latest)
                plan.preemptions += 1
                if latest is choice:
                    return False
        return True

    def preempt(self, choice: Choice) -> None:
        """Send a running choice back to its place in line; it keeps its blocks for now."""
        self._leave(choice)
        self.waiting.add(choice)

    def reserve(self, sizes: dict[Choice, int]) -> bool:
        """Give choices blocks for so many tokens, from the free ones alone; all of them or none."""
        missing = {
            choice: self.blocks_for(tokens) - len(choice.blocks)
            for choice, tokens in sizes.items()
            if self.blocks_for(tokens) > len(choice.blocks)
        }
        if sum(missing.values()) > self.pool.num_free:
            return False
        for choice, count in missing.items():
            choice.blocks.extend(self.pool.allocate(count))
        return True

    def publish(self, choice: Choice) -> None:
        """Let others find the blocks that are full and computed."""
        full = choice.num_computed // self._config.block_size
        hashes = choice.chain(self._config.block_size)
        for at in range(choice.num_published, full):
            self.pool.publish(choice.blocks[at], hashes[at])
        choice.num_published = max(choice.num_published, full)

    def pause(self, choice: Choice) -> None:
        """Take a waiting or running choice out; it keeps its blocks while nobody needs them."""
        if choice.phase == "running":
            self._leave(choice)
        elif choice.phase == "waiting":
            self.waiting.remove(choice)
        else:
            return
        choice.phase = "paused"

    def end(self, choice: Choice) -> None:
        """Take back all that a choice has."""
        self.pause(choice)
        self._release(choice)
        choice.phase = "ended"

    def check_integrity(self, requests: list[Request]) -> None:
        """Raises AssertionError where the invariants above do not hold."""
        choices = [choice for request in requests for choice in request.choices]
        self.pool.check_integrity(choice.blocks for choice in choices)
        running = [choice for choice in choices if choice.phase == "running"]
        assert sorted(running, key=lambda c: c.order) == self.running
        for choice in running:
            assert len(choice.blocks) * self._config.block_size >= choice.num_computed
        assert sum(choice.phase == "waiting" for choice in choices) == len(self.waiting)
        assert self._idle == {c for c in choices if c.phase != "running" and c.blocks}
        pins = Counter(r.adapter.digest for r in requests if r.adapter and r.slot is not None)
        assert pins == +self._pins, f"pins {self._pins}, but {pins} requests have a slot"
        for request in requests:
            runs = any(choice.phase == "running" for choice in request.choices)
            assert (request.slot is not None) == (runs and request.adapter is not None)

    def _awaits_adapter(self, choice: Choice) -> bool:
        ref = choice.request.adapter
        return self._slots is not None and ref is not None and self._slots.is_loading(ref)

    def _leave(self, choice: Choice) -> None:
        self.running.remove(choice)
        choice.phase = "paused"
        if choice.blocks:
            self._idle.add(choice)
        self._unpin(choice.request)

    def _release(self, choice: Choice) -> None:
        self.pool.release(choice.blocks)
        del choice.blocks[:]
        choice.num_computed = choice.num_published = 0
        self._idle.discard(choice)

    def _reclaim(self, keep: Choice) -> bool:
        """Take the blocks of the latest arrival that does not run; False if there is none."""
        latest = max(self._idle - {keep}, key=lambda c: c.order, default=None)
        if latest is not None:
            self._release(latest)
        return latest is not None

    def _unpin(self, request: Request) -> None:
        if request.slot is None or any(choice.phase == "running" for choice in request.choices):
            return
        assert self._slots is not None and request.adapter is not None
        self._slots.release(request.slot)
        self._pins[request.adapter.digest] -= 1
        request.slot = None

    def _note_wait(self, request: Request, step: int) -> None:
        """Only where every slot is in use: a load in progress needs no help."""
        assert self._slots is not None
        if len(+self._pins) < len(self._slots.weights.ranks_host):
            return
        if request.starved_since is None:
            request.starved_since = step
        patient = step - request.starved_since < self._config.slot_patience
        if not patient and self._starving() is None:
            self._starved = request

    def _starving(self) -> Request | None:
        """The request that others must let in first; adapters in use would keep it out for ever."""
        starved = self._starved
        if starved is None or starved.slot is not None:
            return None
        return starved if any(c.phase == "waiting" for c in starved.choices) else None
