"""The model's side of a step."""

from collections.abc import Sequence
from dataclasses import dataclass

from motet_inference.engine.batch import Batch
from motet_inference.engine.decode import Decoder
from motet_inference.engine.plan import Chunk
from motet_inference.engine.sampler import Sampled, best_tokens, sample, take
from motet_inference.engine.sampling import SamplingBatch, is_greedy
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

    def run(self, chunks: Sequence[Chunk]) -> list[Sampled]:
        """One result for each of the chunks that sample, in their order."""
        choices = [chunk.choice for chunk in chunks if chunk.samples]
        if self.decoder is not None and self.decoder.takes(chunks):
            logits, best = self.decoder.run(chunks)
        else:
            batch = Batch.build(
                chunks,
                block_size=self.kv.block_size,
                lora_weights=self.lora_weights,
                device=self.model.device,
            )
            logits = self.model.forward(batch, self.kv, self.lora_weights)
            best = best_tokens(logits) if choices else logits
        if not choices:
            return []
        if is_greedy(choices):
            return take(best)
        sampling = SamplingBatch.build(
            choices, vocab_size=self.model.config.vocab_size, device=self.model.device
        )
        return sample(logits, sampling)
