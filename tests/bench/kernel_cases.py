"""Every operation of motet_kernels over the shapes that it serves: inputs, bytes, and what PyTorch
has for it. `kernels.py` checks and times them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import motet_kernels as mk
import torch
import torch.nn.functional as F
from motet_kernels import AttentionBatch, LoraBatch, Product, Routing
from torch import Tensor

PAGE = 16
SLOTS = 64
EPS = 1e-5


@dataclass(frozen=True)
class Shape:
    """A model's sizes, how long its contexts are, and the rows of decode steps and of prompts.

    `experts`: their number, how many a token has, their hidden and inner size.
    """

    hidden: int
    inner: int
    heads: int
    kv_heads: int
    dim: int
    vocabulary: int
    context: int
    rank: int
    experts: tuple[int, int, int, int]
    decode: tuple[int, ...]
    prefill: tuple[int, ...]

    @property
    def projections(self) -> dict[str, tuple[int, tuple[int, ...]]]:
        """Inputs, and the widths of what is merged."""
        queries, kv = self.heads * self.dim, self.kv_heads * self.dim
        return {
            "qkv": (self.hidden, (queries, kv, kv)),
            "o": (queries, (self.hidden,)),
            "gate_up": (self.hidden, (self.inner, self.inner)),
            "down": (self.inner, (self.hidden,)),
        }


LLAMA_8B = Shape(
    4096, 14336, 32, 8, 128, 128256, 1024, 16, (128, 8, 2048, 768), (1, 16, 64, 256), (2048, 8192)
)
TINY = Shape(64, 96, 4, 2, 16, 200, 24, 4, (4, 2, 32, 16), (1, 3), (40,))


@dataclass(frozen=True)
class Case:
    """An operation on inputs of its own.

    Attributes:
        bytes, operations: the least that has to be moved and computed.
        kernel: the operation.
        twin: its twin, for results to be compared; it leaves the inputs as they are.
        library: the nearest that PyTorch has and a CUDA graph can record; None where the twin is.
    """

    bytes: int
    operations: int
    kernel: Callable[[], Any]
    twin: Callable[[], Any]
    library: Callable[[], Any] | None = None


@dataclass(frozen=True)
class Entry:
    """What is measured: `make` gives inputs anew at each call."""

    op: str
    what: str
    rows: int
    make: Callable[[], Case]


def entries(shape: Shape, dtype: torch.dtype, device: torch.device) -> Iterator[Entry]:
    """All there is to measure. A kernel that is new gets its line here."""
    maker = _Maker(shape, dtype, device)
    fp8 = dtype == torch.bfloat16 or device.type == "cpu"
    for rows in (*shape.decode, *shape.prefill):
        prompt = rows in shape.prefill
        for name in shape.projections:
            for adapters in (0, 1 if prompt else min(rows, SLOTS)):
                what = f"{name}, {adapters} adapters"
                make = partial(maker.project, name, rows, adapters)
                yield Entry("project", what, rows, make)
            if prompt:
                yield Entry("add_lora", name, rows, partial(maker.add_lora, name, rows, 4))
        if not prompt:
            yield Entry("settle", "o", rows, partial(maker.settle, rows))
            yield Entry("best_tokens", "logits", rows, partial(maker.best_tokens, rows))
            yield Entry("draw_tokens", "logits", rows, partial(maker.draw_tokens, rows))
        what = "a prompt" if prompt else f"context {shape.context}"
        attend = maker.prompt_attention if prompt else maker.decode_attention
        yield Entry("paged_attention", what, rows, partial(attend, rows))
        yield Entry("place_heads", "qkv", rows, partial(maker.place_heads, rows))
        yield Entry("rms_norm", "hidden", rows, partial(maker.rms_norm, rows))
        yield Entry("add_rms_norm", "hidden", rows, partial(maker.add_rms_norm, rows))
        yield Entry("silu_mul", "gate_up", rows, partial(maker.silu_mul, rows))
        yield Entry("gelu_mul", "gate_up", rows, partial(maker.gelu_mul, rows))
        yield Entry("expert_linear", "gate_up", rows, partial(maker.expert_linear, rows))
        if fp8:
            yield Entry("to_fp8", "hidden", rows, partial(maker.to_fp8, rows))
            yield Entry("fp8_linear", "gate_up", rows, partial(maker.fp8_linear, rows))


@dataclass(frozen=True)
class _Group:
    a: Tensor
    b: Tensor
    slices: tuple[int, ...]


class _Maker:
    """Random inputs of order one."""

    def __init__(self, shape: Shape, dtype: torch.dtype, device: torch.device) -> None:
        self.shape, self.dtype, self.device = shape, dtype, device

    def project(self, name: str, rows: int, adapters: int) -> Case:
        inputs, slices = self.shape.projections[name]
        x, weight = self._rand(rows, inputs), self._weight(sum(slices), inputs)
        moved = _bytes(x, weight) + rows * sum(slices) * self.dtype.itemsize
        if not adapters:
            return Case(
                moved,
                2 * rows * weight.numel(),
                lambda: mk.project(x, weight),
                lambda: mk.project_torch(x, weight),
                lambda: F.linear(x, weight),
            )
        group, lora, slots = self._adapters(inputs, slices, rows, adapters)
        low = self._low(inputs, slices)
        return Case(
            moved + adapters * low * self.dtype.itemsize,
            2 * rows * (weight.numel() + low),
            lambda: mk.project(x, weight, None, group, lora),
            lambda: mk.project_torch(x, weight, None, group, lora),
            lambda: _by_rows(F.linear(x, weight), x, group, slots),
        )

    def add_lora(self, name: str, rows: int, adapters: int) -> Case:
        inputs, slices = self.shape.projections[name]
        x, y = self._rand(rows, inputs), self._rand(rows, sum(slices))
        group, lora, slots = self._adapters(inputs, slices, rows, adapters)
        low = self._low(inputs, slices)
        operands = x, group.a, group.b, lora, slices
        return Case(
            _bytes(x, y, y) + adapters * low * self.dtype.itemsize,
            2 * rows * low,
            lambda: _in_place(mk.add_lora, y, *operands),
            lambda: _in_place(mk.add_lora_torch, y.clone(), *operands),
            lambda: _by_runs(y, x, group, slots),
        )

    def settle(self, rows: int) -> Case:
        parts = torch.randn(4, rows, self.shape.hidden, device=self.device) * 0.5
        product = Product(parts, self.dtype)
        return Case(
            _bytes(parts) + rows * self.shape.hidden * self.dtype.itemsize,
            parts.numel(),
            lambda: mk.settle(product),
            lambda: mk.settle_torch(product),
            lambda: parts.sum(0).to(self.dtype),
        )

    def best_tokens(self, rows: int) -> Case:
        logits = self._rand(rows, self.shape.vocabulary)
        return Case(
            _bytes(logits),
            logits.numel(),
            lambda: mk.best_tokens(logits),
            lambda: mk.best_tokens_torch(logits),
            lambda: logits.argmax(-1),
        )

    def draw_tokens(self, rows: int) -> Case:
        logits = self._rand(rows, self.shape.vocabulary)
        temperature = torch.full((rows,), 0.8, device=self.device)
        keys = torch.randint(1 << 62, (rows,), device=self.device)
        scaled = temperature.unsqueeze(1)
        return Case(
            _bytes(logits),
            100 * logits.numel(),
            lambda: mk.draw_tokens(logits, temperature, keys),
            lambda: mk.draw_tokens_torch(logits, temperature, keys),
            lambda: (logits / scaled).softmax(-1).multinomial(1),
        )

    def decode_attention(self, rows: int) -> Case:
        return self._attention([(1, self.shape.context)] * rows)

    def prompt_attention(self, rows: int) -> Case:
        return self._attention([(rows, rows)])

    def _attention(self, sequences: Sequence[tuple[int, int]]) -> Case:
        """Sequences alike, of (rows, length); PyTorch has its keys and values side by side."""
        s, count = self.shape, len(sequences)
        rows, length = sequences[0]
        pages = -(-length // PAGE)
        tables = torch.randperm(count * pages).int().view(count, pages).to(self.device)
        k, v = (self._rand(count * pages, PAGE, s.kv_heads, s.dim) for _ in range(2))
        q = 2 * self._rand(count * rows, s.heads, s.dim)
        batch = AttentionBatch(
            torch.arange(0, count * rows + 1, rows, dtype=torch.int32, device=self.device),
            torch.full((count,), length, dtype=torch.int32, device=self.device),
            tables,
            rows,
            length,
        )
        scale = s.dim**-0.5
        dense = [
            cache[tables.long()].flatten(1, 2)[:, :length].transpose(1, 2).contiguous()
            for cache in (k, v)
        ]
        queries = q.view(count, rows, s.heads, s.dim).transpose(1, 2).contiguous()
        pairs = count * (rows * length - rows * (rows - 1) // 2)
        return Case(
            _bytes(q, q) + 2 * count * length * s.kv_heads * s.dim * self.dtype.itemsize,
            4 * pairs * s.heads * s.dim,
            lambda: mk.paged_attention(q, k, v, batch, scale=scale),
            lambda: mk.paged_attention_torch(q, k, v, batch, scale=scale),
            lambda: F.scaled_dot_product_attention(
                queries, *dense, scale=scale, is_causal=rows == length, enable_gqa=True
            ),
        )

    def place_heads(self, rows: int) -> Case:
        s = self.shape
        width = (s.heads + 2 * s.kv_heads) * s.dim
        qkv = Product.of(self._rand(rows, width))
        positions = torch.randint(s.context, (rows,), device=self.device)
        angles = torch.rand(s.context, s.dim // 2, device=self.device) * 6
        tables = angles.cos(), angles.sin()
        places = torch.randperm(rows, device=self.device)
        shape = -(-rows // PAGE), PAGE, s.kv_heads, s.dim
        caches = self._zeros(*shape), self._zeros(*shape)
        moved = 2 * rows * width * self.dtype.itemsize + rows * s.dim * 4

        def run(op: Callable[..., Tensor]) -> tuple[Tensor, ...]:
            return op(qkv, positions, tables, caches, places), *caches

        def twin() -> tuple[Tensor, ...]:
            own = self._zeros(*shape), self._zeros(*shape)
            return mk.place_heads_torch(qkv, positions, tables, own, places), *own

        return Case(moved, 4 * rows * width, lambda: run(mk.place_heads), twin)

    def rms_norm(self, rows: int) -> Case:
        x, weight = self._rand(rows, self.shape.hidden), self._rand(self.shape.hidden)
        return Case(
            _bytes(x, x, weight),
            4 * x.numel(),
            lambda: mk.rms_norm(x, weight, EPS),
            lambda: mk.rms_norm_torch(x, weight, EPS),
            lambda: F.rms_norm(x, weight.shape, weight, EPS),
        )

    def add_rms_norm(self, rows: int) -> Case:
        x, residual = self._rand(rows, self.shape.hidden), self._rand(rows, self.shape.hidden)
        weight, product = self._rand(self.shape.hidden), Product.of(x)
        return Case(
            _bytes(x, x, x, x, weight),
            5 * x.numel(),
            lambda: mk.add_rms_norm(product, residual, weight, EPS),
            lambda: mk.add_rms_norm_torch(product, residual, weight, EPS),
            lambda: F.rms_norm(x + residual, weight.shape, weight, EPS),
        )

    def silu_mul(self, rows: int) -> Case:
        return self._gate(rows, mk.silu_mul, mk.silu_mul_torch, F.silu)

    def gelu_mul(self, rows: int) -> Case:
        return self._gate(rows, mk.gelu_mul, mk.gelu_mul_torch, partial(F.gelu, approximate="tanh"))

    def _gate(
        self,
        rows: int,
        kernel: Callable[[Product], Tensor],
        twin: Callable[[Product], Tensor],
        activation: Callable[[Tensor], Tensor],
    ) -> Case:
        x = self._rand(rows, 2 * self.shape.inner)
        product = Product.of(x)
        return Case(
            _bytes(x) * 3 // 2,
            8 * x.numel(),
            lambda: kernel(product),
            lambda: twin(product),
            lambda: activation(x[:, : self.shape.inner]) * x[:, self.shape.inner :],
        )

    def expert_linear(self, rows: int) -> Case:
        experts, chosen, hidden, inner = self.shape.experts
        x, weight = self._rand(rows, hidden), self._weight(experts * 2 * inner, hidden)
        weight = weight.view(experts, 2 * inner, hidden)
        picks = torch.rand(rows, experts, device=self.device).topk(chosen).indices
        routing = Routing.build(picks, experts)
        used = len(picks.unique())
        out = rows * chosen * 2 * inner * self.dtype.itemsize
        return Case(
            _bytes(x) + used * _bytes(weight) // experts + out,
            2 * rows * chosen * 2 * inner * hidden,
            lambda: mk.expert_linear(x, weight, routing),
            lambda: mk.expert_linear_torch(x, weight, routing),
        )

    def to_fp8(self, rows: int) -> Case:
        x = self._rand(rows, self.shape.hidden)
        return Case(
            _bytes(x) + x.numel() + 4 * rows,
            3 * x.numel(),
            lambda: mk.to_fp8(x),
            lambda: mk.to_fp8_torch(x),
        )

    def fp8_linear(self, rows: int) -> Case:
        inputs, slices = self.shape.projections["gate_up"]
        x, wide = self._rand(rows, inputs), self._weight(sum(slices), inputs)
        weight, scale = mk.to_fp8(wide)
        return Case(
            _bytes(x, weight, scale) + rows * sum(slices) * self.dtype.itemsize,
            2 * rows * weight.numel(),
            lambda: mk.fp8_linear(x, weight, scale, None),
            lambda: mk.fp8_linear_torch(x, weight, scale, None),
            lambda: F.linear(x, wide),
        )

    def _adapters(
        self, inputs: int, slices: tuple[int, ...], rows: int, adapters: int
    ) -> tuple[_Group, LoraBatch, Tensor]:
        """Of rows that have them in turn, or in `adapters` runs where there are many rows."""
        rank = self.shape.rank
        a = self._weight(adapters * len(slices) * rank, inputs)
        b = self._rand(adapters, sum(slices), rank) * rank**-0.5
        group = _Group(a.view(adapters, len(slices) * rank, inputs), b, slices)
        ranks = torch.full((adapters,), rank, dtype=torch.int32, device=self.device)
        runs = rows in self.shape.prefill
        slots = [t * adapters // rows if runs else t % adapters for t in range(rows)]
        lora = LoraBatch.build(slots, [rank] * adapters, ranks, self.device)
        assert lora is not None
        return group, lora, torch.tensor(slots, device=self.device)

    def _low(self, inputs: int, slices: tuple[int, ...]) -> int:
        """Values of one adapter."""
        return self.shape.rank * (len(slices) * inputs + sum(slices))

    def _rand(self, *shape: int) -> Tensor:
        return torch.randn(shape, device=self.device).to(self.dtype)

    def _weight(self, outputs: int, inputs: int) -> Tensor:
        return (torch.randn(outputs, inputs, device=self.device) * inputs**-0.5).to(self.dtype)

    def _zeros(self, *shape: int) -> Tensor:
        return torch.zeros(shape, dtype=self.dtype, device=self.device)


def _bytes(*tensors: Tensor) -> int:
    return sum(tensor.nbytes for tensor in tensors)


def _in_place(op: Callable[..., None], y: Tensor, *operands: Any) -> Tensor:
    op(y, *operands)
    return y


def _by_rows(y: Tensor, x: Tensor, group: _Group, slots: Tensor) -> Tensor:
    """Each row's adapter gathered, and two batched products: what PyTorch has for a mixed batch."""
    hidden = torch.bmm(group.a[slots], x.unsqueeze(-1))
    b, rank, start = group.b[slots], group.b.shape[2], 0
    for j, width in enumerate(group.slices):
        part = torch.bmm(b[:, start : start + width], hidden[:, j * rank : (j + 1) * rank])
        y[:, start : start + width] += part.squeeze(-1)
        start += width
    return y


def _by_runs(y: Tensor, x: Tensor, group: _Group, slots: Tensor) -> Tensor:
    """Two products for each adapter's run of rows and each slice."""
    rank, adapters, rows = group.b.shape[2], len(group.a), len(slots)
    bounds = [-(-g * rows // adapters) for g in range(adapters + 1)]
    for g in range(adapters):
        run, start = slice(bounds[g], bounds[g + 1]), 0
        hidden = x[run] @ group.a[g].t()
        for j, width in enumerate(group.slices):
            part = hidden[:, j * rank : (j + 1) * rank] @ group.b[g, start : start + width].t()
            y[run, start : start + width] += part
            start += width
    return y
