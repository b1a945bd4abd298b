"""The rotary tables, computed once for all positions that a model is served with."""

import math

import torch
from torch import Tensor

from motet_inference.models.rope_config import RopeConfig


def inverse_frequencies(rope: RopeConfig, head_dim: int) -> Tensor:
    """Angle per position of each half-head dimension, fp32 [head_dim / 2].

    Source: for `llama3`, Grattafiori et al., "The Llama 3 Herd of Models" (2024): wavelengths
    longer than the old context are stretched by the factor, short ones kept, others blended.
    """
    exponent = torch.arange(0, head_dim, 2, dtype=torch.float32) / head_dim
    frequency = 1.0 / (rope.theta**exponent)
    if rope.kind == "linear":
        return frequency / rope.factor
    if rope.kind == "default":
        return frequency
    wavelength = 2 * math.pi / frequency
    longest = rope.original_max_position / rope.low_freq_factor
    shortest = rope.original_max_position / rope.high_freq_factor
    keep = (rope.original_max_position / wavelength - rope.low_freq_factor) / (
        rope.high_freq_factor - rope.low_freq_factor
    )
    blended = (1 - keep) * frequency / rope.factor + keep * frequency
    scaled = torch.where(wavelength > longest, frequency / rope.factor, frequency)
    between = (wavelength <= longest) & (wavelength >= shortest)
    return torch.where(between, blended, scaled)


def rope_tables(
    rope: RopeConfig, head_dim: int, positions: int, device: torch.device | str
) -> tuple[Tensor, Tensor]:
    """Cosines and sines, each fp32 [positions, head_dim / 2]."""
    frequency = inverse_frequencies(rope, head_dim)
    angle = torch.outer(torch.arange(positions, dtype=torch.float32), frequency)
    return angle.cos().to(device), angle.sin().to(device)
