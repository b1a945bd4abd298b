"""The parts of a decoder layer. Merged projections: one base GEMM each, whatever the adapters."""

from dataclasses import dataclass

import torch
from motet_kernels import (
    LoraBatch,
    LoraGroup,
    Product,
    adapted,
    fp8_linear,
    gelu_mul,
    paged_attention,
    place_heads,
    project,
    silu_mul,
)
from motet_kernels.fp8 import FP8
from torch import Tensor

from motet_inference.engine.batch import Batch
from motet_inference.models.config import ModelConfig
from motet_inference.models.experts import Experts
from motet_inference.models.lora import LayerLora


@dataclass(frozen=True)
class Linear:
    """`x @ weight^T + bias`, and each token's adapter on top.

    Attributes:
        scale: fp32 [out], where the weight is in FP8. Adapters are never, and see x unrounded.
    """

    weight: Tensor
    bias: Tensor | None
    scale: Tensor | None = None

    @classmethod
    def empty(
        cls, inputs: int, outputs: int, *, bias: bool, like: Tensor, fp8: bool = False
    ) -> "Linear":
        """Unset weights of the dtype (but for FP8) and device of `like`."""
        return cls(
            weight=like.new_empty(outputs, inputs, dtype=FP8 if fp8 else like.dtype),
            bias=like.new_empty(outputs) if bias else None,
            scale=like.new_empty(outputs, dtype=torch.float32) if fp8 else None,
        )

    def __call__(self, x: Tensor, lora: LoraBatch | None, group: LoraGroup | None) -> Product:
        """x [T, in] -> [T, out]."""
        if self.scale is None:
            return project(x, self.weight, self.bias, group, lora)
        return adapted(fp8_linear(x, self.weight, self.scale, self.bias), x, group, lora)


@dataclass(frozen=True)
class Attention:
    """Grouped-query attention over the paged cache, with rotary positions.

    Attributes:
        norms: weights [head_dim] of the queries' norm and of the keys', where there are norms.
    """

    qkv: Linear
    o: Linear
    norms: tuple[Tensor, Tensor] | None
    window: int | None
    eps: float
    scale: float
    softcap: float | None

    @classmethod
    def empty(cls, config: ModelConfig, layer: int, like: Tensor) -> "Attention":
        def norm() -> Tensor:
            return norm_weight(config, config.head_dim, like)

        hidden, queries, fp8 = config.hidden_size, config.q_size, config.fp8
        width = queries + 2 * config.kv_size
        return cls(
            qkv=Linear.empty(hidden, width, bias=config.qkv_bias, like=like, fp8=fp8),
            o=Linear.empty(queries, hidden, bias=config.o_bias, like=like, fp8=fp8),
            norms=(norm(), norm()) if config.qk_norm else None,
            window=config.windows[layer],
            eps=config.rms_eps,
            scale=config.score_scale,
            softcap=config.gemma.score_softcap if config.gemma else None,
        )

    def __call__(
        self,
        x: Tensor,
        batch: Batch,
        cache: tuple[Tensor, Tensor],
        tables: tuple[Tensor, Tensor],
        lora: LayerLora | None,
    ) -> Product:
        """x [T, hidden] -> [T, hidden]; the step's keys and values are stored in `cache`."""
        q = place_heads(
            self.qkv(x, batch.lora, lora.qkv if lora else None),
            batch.positions,
            tables,
            cache,
            batch.slot_mapping,
            norms=self.norms,
            eps=self.eps,
        )
        out = paged_attention(
            q, *cache, batch.attention, scale=self.scale, window=self.window, softcap=self.softcap
        )
        return self.o(out.view(len(x), -1), batch.lora, lora.o if lora else None)


@dataclass(frozen=True)
class Mlp:
    """The SwiGLU block, or Gemma's with a GELU."""

    gate_up: Linear
    down: Linear
    gelu: bool

    @classmethod
    def empty(cls, config: ModelConfig, like: Tensor) -> "Mlp":
        hidden, inner = config.hidden_size, config.intermediate_size
        return cls(
            gate_up=Linear.empty(hidden, 2 * inner, bias=False, like=like, fp8=config.fp8),
            down=Linear.empty(inner, hidden, bias=False, like=like, fp8=config.fp8),
            gelu=config.gemma is not None,
        )

    def __call__(self, x: Tensor, batch: Batch, lora: LayerLora | None) -> Product:
        """x [T, hidden] -> [T, hidden]."""
        merged = self.gate_up(x, batch.lora, lora.gate_up if lora else None)
        inner = gelu_mul(merged) if self.gelu else silu_mul(merged)
        return self.down(inner, batch.lora, lora.down if lora else None)


@dataclass(frozen=True)
class DecoderLayer:
    """Attention and MLP with the norms before them; the model adds the residuals.

    Gemma's have norms behind them too, before each residual is added.
    """

    attention: Attention
    mlp: Mlp | Experts
    input_norm: Tensor
    post_norm: Tensor
    attention_out_norm: Tensor | None
    mlp_out_norm: Tensor | None

    @classmethod
    def empty(cls, config: ModelConfig, layer: int, like: Tensor) -> "DecoderLayer":
        def norm() -> Tensor:
            return norm_weight(config, config.hidden_size, like)

        return cls(
            attention=Attention.empty(config, layer, like),
            mlp=_mlp(config, layer, like),
            input_norm=norm(),
            post_norm=norm(),
            attention_out_norm=norm() if config.gemma else None,
            mlp_out_norm=norm() if config.gemma else None,
        )


def _mlp(config: ModelConfig, layer: int, like: Tensor) -> Mlp | Experts:
    if config.experts is not None and config.has_experts(layer):
        return Experts.empty(config, config.experts, like)
    return Mlp.empty(config, like)


def norm_weight(config: ModelConfig, width: int, like: Tensor) -> Tensor:
    """Unset; Gemma's in fp32, since the 1 that is added to it would cost a narrow dtype digits."""
    return like.new_empty(width, dtype=torch.float32 if config.gemma else like.dtype)


def meta(dtype: torch.dtype, device: torch.device | str) -> Tensor:
    """The `like` of the constructors above: a dtype and a device."""
    return torch.empty(0, dtype=dtype, device=device)
