"""How large an engine is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class EngineConfig:
    """Limits of one engine.

    Attributes:
        num_blocks: cache blocks, for all running choices together.
        max_context: longest prompt and output of one choice, in tokens; it must fit the blocks.
        block_size: tokens per block.
        max_batch: choices that run at the same time; a request with n choices counts n times.
        token_budget: tokens per step, decode and prefill together; at least max_batch.
        prefix_cache: reuse the blocks of equal prompt beginnings.
        slot_patience: steps that a request may wait for an adapter slot, all being in use, before
            no other adapter's request is admitted ahead of it.
        fixed_decode: run steps that only decode over fixed buffers, which a CUDA device replays as
            a graph; None for on CUDA alone.
    """

    num_blocks: int
    max_context: int
    block_size: int = 16
    max_batch: int = 64
    token_budget: int = 512
    prefix_cache: bool = True
    slot_patience: int = 256
    fixed_decode: bool | None = None

    def __post_init__(self) -> None:
        for name in ("num_blocks", "max_context", "block_size", "max_batch", "slot_patience"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.token_budget < self.max_batch:
            raise ValueError(
                f"token_budget {self.token_budget} is less than max_batch {self.max_batch}: "
                "not every running choice could take a step"
            )
        if self.num_blocks * self.block_size < self.max_context:
            raise ValueError(
                f"{self.num_blocks} blocks of {self.block_size} hold less than max_context "
                f"{self.max_context}: one long request could never finish"
            )
