"""The decoder that all families share; they differ by configuration only."""

from dataclasses import dataclass, replace
from functools import cached_property

import torch
import torch.nn.functional as F
from motet_kernels import Product, add_rms_norm, rms_norm, settle, to_fp8
from torch import Tensor

from motet_inference.engine.batch import Batch
from motet_inference.models.config import ModelConfig
from motet_inference.models.experts import Experts
from motet_inference.models.kv_cache import KVCache
from motet_inference.models.layers import DecoderLayer, Linear, meta, norm_weight
from motet_inference.models.lora import LoraWeights
from motet_inference.models.rope import rope_tables
from motet_inference.ranks.collectives import gathered, total
from motet_inference.ranks.shard import ALONE


@dataclass(frozen=True)
class CausalLM:
    """A decoder with its weights. It holds no state between calls: that is all in the KVCache.

    Of several ranks each has its heads, its part of the inner features and its rows of the head;
    norms and embedding are everybody's. What attention and MLP give is then a part of a sum.

    Attributes:
        tables: of the rotation; `local_tables` are those of layers with a window.
    """

    config: ModelConfig
    embedding: Tensor
    layers: tuple[DecoderLayer, ...]
    norm: Tensor
    head: Tensor
    tables: tuple[Tensor, Tensor]
    local_tables: tuple[Tensor, Tensor]

    @classmethod
    def empty(
        cls, config: ModelConfig, *, dtype: torch.dtype, device: torch.device | str
    ) -> "CausalLM":
        """Unset weights; the loader fills them through `parameters`."""
        like = meta(dtype, device)
        embedding = like.new_empty(config.vocab_size, config.hidden_size)
        rows = config.shard.cut(config.vocab_size, config.head_rows)
        shape = config.head_dim, config.max_position, device
        tables = rope_tables(config.rope, *shape)
        layers = tuple(DecoderLayer.empty(config.local, i, like) for i in range(config.num_layers))
        return cls(
            config=config,
            embedding=embedding,
            layers=layers,
            norm=norm_weight(config, config.hidden_size, like),
            head=embedding[rows] if config.tie_embeddings else torch.empty_like(embedding[rows]),
            tables=tables,
            local_tables=rope_tables(config.local_rope, *shape) if config.local_rope else tables,
        )

    @property
    def device(self) -> torch.device:
        return self.embedding.device

    @property
    def dtype(self) -> torch.dtype:
        return self.embedding.dtype

    @cached_property
    def parameters(self) -> dict[str, Tensor]:
        """Hugging Face's tensor names -> where each one's values belong: views, writable.

        Of several ranks each has its part of what the file holds, see `whole_shapes`.
        Gemma's norms hold 1 + w here, and w in the files; `scales` belong to what is in FP8.
        """
        named = {"model.embed_tokens.weight": self.embedding, "model.norm.weight": self.norm}
        if not self.config.tie_embeddings:
            named["lm_head.weight"] = self.head
        for i, layer in enumerate(self.layers):
            named |= {f"model.layers.{i}.{name}": t for name, t in self._of_layer(layer).items()}
        return named

    @cached_property
    def whole_shapes(self) -> dict[str, torch.Size]:
        """The shapes of the `parameters` in a checkpoint."""
        whole = self
        if self.config.shard.size > 1:
            config = replace(self.config, shard=ALONE)
            whole = CausalLM.empty(config, dtype=self.dtype, device="meta")
        return {name: tensor.shape for name, tensor in whole.parameters.items()}

    @cached_property
    def scales(self) -> dict[str, Tensor]:
        """The names of the weights that are in FP8 -> the scales of their rows, fp32 views."""
        named = {}
        for i, layer in enumerate(self.layers):
            for names, linear in _linears(layer).items():
                if linear.scale is not None:
                    parts = torch.split(linear.scale, self._sizes(names))
                    for name, part in zip(names, parts, strict=True):
                        named[f"model.layers.{i}.{name}.weight"] = part
        return named

    def put(self, name: str, values: Tensor) -> None:
        """Fill one of the `parameters` from values of any dtype, as a checkpoint has them."""
        target, scale = self.parameters[name], self.scales.get(name)
        if self.config.shard.rank and name.endswith("o_proj.bias"):
            target.zero_()  # one rank's is enough for their sum
            return
        if scale is not None:
            values, rows = to_fp8(values.to(self.device))
            scale.copy_(rows)
        target.copy_(values)
        if self.config.gemma and name.endswith("norm.weight"):
            target += 1

    def _sizes(self, names: tuple[str, ...]) -> list[int]:
        return [self.config.local.projections[name.split(".")[1]][1] for name in names]

    def _of_layer(self, layer: DecoderLayer) -> dict[str, Tensor]:
        attention, mlp = layer.attention, layer.mlp
        named = _norms(layer)
        if isinstance(mlp, Experts):
            named |= mlp.parameters
        if attention.norms is not None:
            named["self_attn.q_norm.weight"], named["self_attn.k_norm.weight"] = attention.norms
        for names, linear in _linears(layer).items():
            for kind, tensor in (("weight", linear.weight), ("bias", linear.bias)):
                if tensor is not None:
                    parts = torch.split(tensor, self._sizes(names))
                    named |= {f"{n}.{kind}": part for n, part in zip(names, parts, strict=True)}
        return named

    @torch.inference_mode()
    def forward(self, batch: Batch, kv: KVCache, lora_weights: LoraWeights | None) -> Tensor:
        """One step: stores the batch's keys and values, and scores what may come next.

        Returns:
            Logits [R, vocab_size] of the batch's `logit_rows`, in the model's dtype.
        """
        eps = self.config.rms_eps
        residual = self._embed(batch.token_ids)
        hidden = rms_norm(residual, self.layers[0].input_norm, eps)
        for i, layer in enumerate(self.layers):
            lora = lora_weights.layers[i] if lora_weights is not None else None
            cache = kv.keys[i], kv.values[i]
            tables = self.tables if layer.attention.window is None else self.local_tables
            attended = self._sum(layer.attention(hidden, batch, cache, tables, lora))
            if layer.attention_out_norm is not None:
                attended = Product.of(rms_norm(settle(attended), layer.attention_out_norm, eps))
            hidden, residual = add_rms_norm(attended, residual, layer.post_norm, eps)
            last = i + 1 == len(self.layers)
            norm = self.norm if last else self.layers[i + 1].input_norm
            inner = self._sum(layer.mlp(hidden, batch, lora))
            if layer.mlp_out_norm is not None:
                inner = Product.of(rms_norm(settle(inner), layer.mlp_out_norm, eps))
            hidden, residual = add_rms_norm(inner, residual, norm, eps)
        rows = hidden if batch.logit_rows is None else hidden[batch.logit_rows]
        return self._score(rows)

    def _sum(self, part: Product) -> Product:
        """Over all ranks; alone, a product stays as it is, for whoever reads it to add up."""
        if self.config.shard.size == 1:
            return part
        return Product.of(total(settle(part), self.config.shard))

    def _embed(self, token_ids: Tensor) -> Tensor:
        embedded = F.embedding(token_ids, self.embedding)
        if self.config.gemma is None:
            return embedded
        # The factor is rounded to the model's dtype, as it was in training.
        return embedded * torch.tensor(self.config.hidden_size**0.5, dtype=self.dtype).item()

    def _score(self, rows: Tensor) -> Tensor:
        logits = F.linear(rows, self.head)
        if self.config.head_rows < self.config.vocab_size:
            logits = gathered(logits, self.config.shard)
        if self.config.gemma is None or self.config.gemma.logit_softcap is None:
            return logits
        cap = self.config.gemma.logit_softcap
        return logits.div_(cap).tanh_().mul_(cap)


def _linears(layer: DecoderLayer) -> dict[tuple[str, ...], Linear]:
    """The merged projections, by the names of the parts whose rows they hold."""
    attention, mlp = layer.attention, layer.mlp
    merged: dict[tuple[str, ...], Linear] = {
        ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"): attention.qkv,
        ("self_attn.o_proj",): attention.o,
    }
    if not isinstance(mlp, Experts):
        merged[("mlp.gate_proj", "mlp.up_proj")] = mlp.gate_up
        merged[("mlp.down_proj",)] = mlp.down
    return merged


def _norms(layer: DecoderLayer) -> dict[str, Tensor]:
    """Gemma calls the norm behind attention what others call the one before the MLP."""
    if layer.attention_out_norm is None or layer.mlp_out_norm is None:
        return {
            "input_layernorm.weight": layer.input_norm,
            "post_attention_layernorm.weight": layer.post_norm,
        }
    return {
        "input_layernorm.weight": layer.input_norm,
        "post_attention_layernorm.weight": layer.attention_out_norm,
        "pre_feedforward_layernorm.weight": layer.post_norm,
        "post_feedforward_layernorm.weight": layer.mlp_out_norm,
    }
