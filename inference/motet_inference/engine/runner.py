"""The model's side of a step."""

from dataclasses import dataclass

from motet_inference.engine.batch import Batch
from motet_inference.engine.sampler import Sampled, sample
from motet_inference.models.kv_cache import KVCache
from motet_inference.models.llama import CausalLM
from motet_inference.models.lora import LoraWeights


@dataclass(frozen=True)
class Runner:
    """Runs batches through the model; all that changes is the cache."""

    model: CausalLM
    kv: KVCache
    lora_weights: LoraWeights | None

    def run(self, batch: Batch) -> list[Sampled]:
        """One result for each of the batch's `logit_rows`, in their order."""
        logits = self.model.forward(batch, self.kv, self.lora_weights)
        return sample(logits, batch.sampling) if len(batch.logit_rows) else []
