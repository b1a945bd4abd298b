"""The model's side of a step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from motet_kernels import best_tokens
from torch import Tensor

from motet_inference.engine.batch import Batch
from motet_inference.engine.config import EngineConfig
from motet_inference.engine.decode import Decoder, Watch
from motet_inference.engine.plan import Chunk
from motet_inference.engine.rows import Row
from motet_inference.engine.sampler import Draw, sample
from motet_inference.engine.sampling import SamplingBatch, is_greedy, needs_output
from motet_inference.models.kv_cache import KVCache
from motet_inference.models.llama import CausalLM
from motet_inference.models.lora import LoraWeights
from motet_inference.ranks.orders import Decode, Mixed, Order


@dataclass(frozen=True)
class Runner:
    """Runs chunks through the model; all that changes is the cache.

    Of several ranks, the first one launches, and tells the others to repeat or to forward.

    Attributes:
        decoder: takes the steps that only decode; None to run them as any other.
        tell: the other ranks; None where there are none, and on these.
    """

    model: CausalLM
    kv: KVCache
    lora_weights: LoraWeights | None
    decoder: Decoder | None
    tell: Callable[[Order], None] | None = None

    @classmethod
    def build(
        cls,
        model: CausalLM,
        config: EngineConfig,
        lora_weights: LoraWeights | None,
        *,
        tell: Callable[[Order], None] | None = None,
        watch: Watch | None = None,
    ) -> Runner:
        """With an empty cache. All ranks do this at the same time: decode steps are tried out."""
        kv = KVCache.build(
            model.config,
            num_blocks=config.num_blocks,
            block_size=config.block_size,
            dtype=model.dtype,
            device=model.device,
        )
        fixed, decoder = config.fixed_decode, None
        if model.device.type == "cuda" if fixed is None else fixed:
            decoder = Decoder(
                model,
                kv,
                lora_weights,
                max_batch=config.max_batch,
                max_context=config.max_context,
                watch=watch,
            )
        return cls(model, kv, lora_weights, decoder, tell)

    def can_follow(self, chunks: Sequence[Chunk]) -> bool:
        """Whether the step after these chunks can be launched before their results are read."""
        return (
            self.decoder is not None
            and self.decoder.takes(chunks)
            and not needs_output([chunk.choice for chunk in chunks])
        )

    def launch(self, chunks: Sequence[Chunk], after: Draw | None = None) -> Draw | None:
        """Start a step: a row for each of the chunks that sample, in their order; None if none do.

        Args:
            chunks: at least one.
            after: the unread results, row by row, of the step that these chunks follow.
        """
        choices = [chunk.choice for chunk in chunks if chunk.samples]
        if self.decoder is not None and self.decoder.takes(chunks):
            if self.tell is not None:
                size, lora = self.decoder.fit(chunks)
                self.tell(Decode(size=size, lora=lora))
            logits, best = self.decoder.run(chunks, after.best[0] if after else None)
        else:
            assert after is None
            rows = [Row.of(chunk) for chunk in chunks]
            if self.tell is not None:
                self.tell(Mixed(rows=rows))
            logits = self.forward(rows)
            if not choices:
                return None
            best = best_tokens(logits)
        if is_greedy(choices):
            return Draw(best, logits)
        sampling = SamplingBatch.build(
            choices,
            vocab_size=self.model.config.vocab_size,
            device=self.model.device,
            unread=int(after is not None),
        )
        return sample(logits, sampling)

    def forward(self, rows: Sequence[Row]) -> Tensor:
        """Logits of the rows that sample."""
        batch = Batch.build(
            rows,
            block_size=self.kv.block_size,
            lora_weights=self.lora_weights,
            device=self.model.device,
        )
        return self.model.forward(batch, self.kv, self.lora_weights)

    def repeat(self, size: int, *, lora: bool) -> None:
        """Take part in a decode step that rank 0 has launched or is about to."""
        assert self.decoder is not None
        self.decoder.repeat(size, lora)
