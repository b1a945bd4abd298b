"""A mixture of experts in an MLP's place."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from motet_kernels import Product, Routing, expert_linear, silu_mul
from torch import Tensor

from motet_inference.engine.batch import Batch
from motet_inference.models.config import ModelConfig
from motet_inference.models.experts_config import ExpertsConfig
from motet_inference.models.lora import LayerLora


@dataclass(frozen=True)
class Experts:
    """Each token goes through the few experts that the router likes best, weighed by its liking.

    Nothing is read back from the device, so that a CUDA graph can record it. Adapters do not reach
    experts; one that would is refused when it is loaded.
    Source: Shazeer et al., "Outrageously Large Neural Networks" (2017).

    Attributes:
        router: [E, hidden].
        gate_up: [E, 2 * inner, hidden].
        down: [E, hidden, inner].
    """

    config: ExpertsConfig
    router: Tensor
    gate_up: Tensor
    down: Tensor

    @classmethod
    def empty(cls, config: ModelConfig, experts: ExpertsConfig, like: Tensor) -> "Experts":
        """Unset weights of the dtype and device of `like`."""
        count, hidden, inner = experts.num_experts, config.hidden_size, experts.inner_size
        return cls(
            config=experts,
            router=like.new_empty(count, hidden),
            gate_up=like.new_empty(count, 2 * inner, hidden),
            down=like.new_empty(count, hidden, inner),
        )

    @property
    def parameters(self) -> dict[str, Tensor]:
        """As published checkpoints have them: each expert's tensors alone."""
        named = {"mlp.gate.weight": self.router}
        for e, (gate_up, down) in enumerate(zip(self.gate_up, self.down, strict=True)):
            gate, up = gate_up.chunk(2)
            for name, tensor in (("gate_proj", gate), ("up_proj", up), ("down_proj", down)):
                named[f"mlp.experts.{e}.{name}.weight"] = tensor
        return named

    def __call__(self, x: Tensor, batch: Batch, lora: LayerLora | None) -> Product:
        """x [T, hidden] -> [T, hidden]."""
        weights, chosen = self._route(x)
        routing = Routing.build(chosen, self.config.num_experts)
        inner = silu_mul(Product.of(expert_linear(x, self.gate_up, routing)))
        each = expert_linear(inner, self.down, routing).view(*chosen.shape, -1)
        return Product.of(torch.einsum("tk,tkh->th", weights, each.float()).to(x.dtype))

    def _route(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """fp32 weights and int64 numbers of each token's experts, both [T, chosen]."""
        likings = F.linear(x, self.router).softmax(-1, dtype=torch.float32)
        weights, chosen = likings.topk(self.config.chosen)
        if self.config.normalised:
            weights = weights / weights.sum(-1, keepdim=True)
        return weights, chosen


def holds_experts(name: str) -> bool:
    """Whether a checkpoint's tensor holds all experts of a layer, as transformers 5 may write."""
    return name.partition(".mlp.experts.")[2] in ("gate_up_proj", "down_proj")


def one_by_one(name: str, tensor: Tensor) -> Iterator[tuple[str, Tensor]]:
    """Take apart a tensor that holds experts, [E, out, in], with gate and up merged.

    One of another number of dimensions is handed through.
    """
    layer, _, part = name.partition(".mlp.experts.")
    if tensor.ndim != 3:
        yield name, tensor
        return
    for e, expert in enumerate(tensor):
        if part == "down_proj":
            yield f"{layer}.mlp.experts.{e}.down_proj.weight", expert
        else:
            gate, up = expert.chunk(2)
            yield f"{layer}.mlp.experts.{e}.gate_proj.weight", gate
            yield f"{layer}.mlp.experts.{e}.up_proj.weight", up
