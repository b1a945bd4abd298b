"""The counter-based generator against its definition, and as a source of randomness."""

import torch
from motet_inference.engine.rng import row_key, split_mix
from motet_kernels.draw import gumbel, uniform

MASK = (1 << 64) - 1


def test_split_mix_matches_the_published_stream() -> None:
    """The first outputs of SplitMix64 with seed 1234567, as its reference code prints them."""
    golden = 0x9E3779B97F4A7C15
    stream = [split_mix((1234567 + i * golden) & MASK) for i in range(1, 6)]
    assert stream == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_tensor_arithmetic_equals_integer_arithmetic() -> None:
    keys = [row_key(seed, 3, 17) for seed in range(5)]
    drawn = uniform(torch.tensor(keys), 7)
    for row, key in enumerate(keys):
        for token in range(7):
            bits = split_mix((key + (token + 1) * 0x9E3779B97F4A7C15) & MASK) >> 12
            assert drawn[row, token].item() == (bits + 0.5) * 2.0**-52


def test_every_part_of_the_key_matters() -> None:
    keys = {row_key(s, c, p) for s in (-1, 0, 1, 2**63) for c in range(4) for p in range(4)}
    assert len(keys) == 64
    assert all(-(2**63) <= key < 2**63 for key in keys)


def test_a_row_does_not_depend_on_its_neighbours() -> None:
    keys = torch.tensor([row_key(s, 0, 0) for s in range(8)])
    together = uniform(keys, 50)
    for row in range(8):
        assert torch.equal(uniform(keys[row : row + 1], 50)[0], together[row])
    assert torch.equal(uniform(keys, 20), together[:, :20])


def test_uniform_is_uniform() -> None:
    """Chi-square over 64 bins along tokens, positions and seeds; 99.9 % quantile at 63 is 103.4."""
    streams = [
        uniform(torch.tensor([row_key(1, 0, 0)]), 50_000),
        uniform(torch.tensor([row_key(1, 0, p) for p in range(50_000)]), 1),
        uniform(torch.tensor([row_key(s, 0, 0) for s in range(50_000)]), 1),
    ]
    for stream in streams:
        counts = torch.histc(stream.flatten(), bins=64, min=0, max=1)
        expected = 50_000 / 64
        assert ((counts - expected) ** 2 / expected).sum().item() < 103.4


def test_gumbel_has_its_mean_and_variance() -> None:
    noise = gumbel(torch.tensor([row_key(s, 0, 0) for s in range(200)]), 1000)
    assert noise.isfinite().all()
    assert abs(noise.mean().item() - 0.5772) < 0.01
    assert abs(noise.var().item() - 1.6449) < 0.03
