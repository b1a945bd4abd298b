"""The parts of a decoder layer. Merged projections: one base GEMM each, whatever the adapters."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from motet_kernels import (
    add_lora,
    fp8_linear,
    gelu_mul,
    paged_attention,
    rms_norm,
    rope,
    silu_mul,
    store_kv,
)
from motet_kernels.fp8 import FP8
from motet_kernels.lora import LoraBatch
from torch import Tensor

from motet_inference.engine.batch import Batch
from motet_inference.models.config import ModelConfig
from motet_inference.models.experts import Experts
from motet_inference.models.lora import LayerLora, LoraGroup


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

    def __call__(self, x: Tensor, lora: LoraBatch | None, group: LoraGroup | None) -> Tensor:
        """x [T, in] -> [T, out]."""
        if self.scale is None:
            y = F.linear(x, self.weight, self.bias)
        else:
            y = fp8_linear(x, self.weight, self.scale, self.bias)
        if lora is not None and group is not None:
            add_lora(y, x, group.a, group.b, lora, group.slices)
        return y


@dataclass(frozen=True)
class Attention:
    """Grouped-query attention over the paged cache, with rotary positions."""

    qkv: Linear
    o: Linear
    q_norm: Tensor | None
    k_norm: Tensor | None
    num_heads: int
    num_kv_heads: int
    head_dim: int
    window: int | None
    eps: float
    scale: float
    softcap: float | None

    @classmethod
    def empty(cls, config: ModelConfig, layer: int, like: Tensor) -> "Attention":
        def norm() -> Tensor | None:
            return norm_weight(config, config.head_dim, like) if config.qk_norm else None

        hidden, queries, fp8 = config.hidden_size, config.q_size, config.fp8
        width = queries + 2 * config.kv_size
        return cls(
            qkv=Linear.empty(hidden, width, bias=config.qkv_bias, like=like, fp8=fp8),
            o=Linear.empty(queries, hidden, bias=config.o_bias, like=like, fp8=fp8),
            q_norm=norm(),
            k_norm=norm(),
            num_heads=config.num_heads,
            num_kv_heads=config.num_kv_heads,
            head_dim=config.head_dim,
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
    ) -> Tensor:
        """x [T, hidden] -> [T, hidden]; the step's keys and values are stored in `cache`."""
        merged = self.qkv(x, batch.lora, lora.qkv if lora else None)
        heads = merged.view(len(x), -1, self.head_dim)
        q, k, v = torch.split(heads, [self.num_heads, self.num_kv_heads, self.num_kv_heads], dim=1)
        if self.q_norm is not None and self.k_norm is not None:
            q, k = rms_norm(q, self.q_norm, self.eps), rms_norm(k, self.k_norm, self.eps)
        rope(q, k, batch.positions, *tables)
        store_kv(k, v, *cache, batch.slot_mapping)
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

    def __call__(self, x: Tensor, batch: Batch, lora: LayerLora | None) -> Tensor:
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
