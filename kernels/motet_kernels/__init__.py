"""The operations of a serving step, each a Triton kernel beside its torch twin.

Every `op` has a twin `op_torch` of the same signature in the same module. The public name runs
Triton when its tensors are on a CUDA device and the twin anywhere else; importing this package
needs torch alone.
"""

from motet_kernels.attention import AttentionBatch, paged_attention, paged_attention_torch
from motet_kernels.best_tokens import best_tokens, best_tokens_torch
from motet_kernels.draw import draw_tokens, draw_tokens_torch
from motet_kernels.experts import Routing, expert_linear, expert_linear_torch
from motet_kernels.fp8 import fp8_linear, fp8_linear_torch, to_fp8, to_fp8_torch
from motet_kernels.gate import gelu_mul, gelu_mul_torch, silu_mul, silu_mul_torch
from motet_kernels.heads import place_heads, place_heads_torch
from motet_kernels.lora import LoraBatch, LoraGroup, add_lora, add_lora_torch
from motet_kernels.norm import add_rms_norm, add_rms_norm_torch, rms_norm, rms_norm_torch
from motet_kernels.product import (
    Low,
    Product,
    adapted,
    project,
    project_torch,
    settle,
    settle_torch,
)

__all__ = [
    "AttentionBatch",
    "LoraBatch",
    "LoraGroup",
    "Low",
    "Product",
    "Routing",
    "adapted",
    "add_lora",
    "add_lora_torch",
    "add_rms_norm",
    "add_rms_norm_torch",
    "best_tokens",
    "best_tokens_torch",
    "draw_tokens",
    "draw_tokens_torch",
    "expert_linear",
    "expert_linear_torch",
    "fp8_linear",
    "fp8_linear_torch",
    "gelu_mul",
    "gelu_mul_torch",
    "paged_attention",
    "paged_attention_torch",
    "place_heads",
    "place_heads_torch",
    "project",
    "project_torch",
    "rms_norm",
    "rms_norm_torch",
    "settle",
    "settle_torch",
    "silu_mul",
    "silu_mul_torch",
    "to_fp8",
    "to_fp8_torch",
]
