"""One rank of those that hold a model together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shard:
    """Rank `rank` of `size` ranks, one process and one device each; alone by default.

    Source: Shoeybi et al., "Megatron-LM" (2019): the first product of a block is cut by its
    outputs, the second by its inputs, so that a block needs one sum over all ranks.
    """

    rank: int = 0
    size: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.rank < self.size:
            raise ValueError(f"rank {self.rank} of {self.size} ranks")

    def cut(self, whole: int, part: int) -> slice:
        """Which of `whole` rows this rank has, when each has `part` of them.

        Parts follow one another by rank. Where they are more than `whole` has room for, as
        key-value heads that are fewer than ranks, neighbours have the same one; a part that is the
        whole is everybody's.
        """
        start = self.rank * whole // self.size // part * part
        return slice(start, start + part)


ALONE = Shard()
