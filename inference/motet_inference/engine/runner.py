"""The model's side of a step."""

from collections.abc import Sequence
from dataclasses import dataclass

from motet_kernels import best_tokens

from motet_inference.engine.batch import Batch
from motet_inference.engine.decode import Decoder
from motet_inference.engine.plan import Chunk
from motet_inference.engine.sampler import Draw, sample
from motet_inference.engine.sampling import SamplingBatch, is_greedy, needs_output
from motet_inference.models.kv_cache import KVCache
from motet_inference.models.llama import CausalLM
from motet_inference.models.lora import LoraWeights


@dataclass(frozen=True)
class Runner:
    """Runs chunks through the model; all that changes is the cache.

    Attributes:
        decoder: takes the steps that only decode; None to run them as any other.
    """

    model: CausalLM
    kv: KVCache
    lora_weights: LoraWeights | None
    decoder: Decoder | None

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
            logits, best = self.decoder.run(chunks, after.best[0] if after else None)
        else:
            assert after is None
            batch = Batch.build(
                chunks,
                block_size=self.kv.block_size,
                lora_weights=self.lora_weights,
                device=self.model.device,
            )
            logits = self.model.forward(batch, self.kv, self.lora_weights)
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
