"""Each option of the sampler against a plain reference, row by row."""

import math
from collections import Counter
from typing import Any

import pytest
import torch
from motet_inference.engine.messages import Add, Sampling
from motet_inference.engine.request import Choice, Request
from motet_inference.engine.sampler import Sampled, sample
from motet_inference.engine.sampling import SamplingBatch
from torch import Tensor

VOCAB = 23


def choice(
    *, prompt: tuple[int, ...] = (1,), output: tuple[int, ...] = (), index: int = 0, **options: Any
) -> Choice:
    """A choice that is about to sample its next token."""
    message = Add(
        request_id=options.pop("request_id", "r"),
        account="a",
        salt=b"",
        prompt=list(prompt),
        prompt_budget=99,
        output_budget=99,
        sampling=Sampling(**options),
        n=index + 1,
    )
    made = Request(message, arrival=0, revision="", max_context=10_000).choices[index]
    made.tokens += output
    return made


def run(logits: Tensor, choices: list[Choice]) -> list[Sampled]:
    batch = SamplingBatch.build(choices, vocab_size=logits.shape[1], device="cpu")
    return sample(logits, batch).read()


def frequencies(logits: Tensor, draws: int = 4000, **options: Any) -> list[float]:
    """How often each token is drawn, over as many seeds."""
    choices = [choice(seed=seed, **options) for seed in range(draws)]
    drawn = Counter(s.token_id for s in run(logits.expand(draws, -1), choices))
    return [drawn[token] / draws for token in range(logits.shape[-1])]


def assert_distribution(found: list[float], expected: list[float], draws: int = 4000) -> None:
    """Within five standard deviations; what is excluded is never drawn."""
    assert sum(expected) == pytest.approx(1)
    for token, (f, e) in enumerate(zip(found, expected, strict=True)):
        assert f == 0 if e == 0 else abs(f - e) <= 5 * math.sqrt(e * (1 - e) / draws), token


def softmax(values: list[float]) -> list[float]:
    best = max(values)
    weights = [math.exp(v - best) for v in values]
    return [w / sum(weights) for w in weights]


LOGITS = torch.tensor([[2.0, 1.5, 1.0, 0.0, -1.0, -3.0]])


def test_greedy_takes_the_best_whatever_the_seed() -> None:
    logits = torch.randn(5, VOCAB)
    rows = run(logits, [choice(temperature=0.0, seed=s, top_k=3) for s in range(5)])
    assert [r.token_id for r in rows] == logits.argmax(-1).tolist()
    assert all(r.finite and r.logprob is None and r.top is None for r in rows)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_temperature_divides_the_logits(temperature: float) -> None:
    expected = softmax([v / temperature for v in LOGITS[0].tolist()])
    assert_distribution(frequencies(LOGITS, temperature=temperature), expected)


def test_top_k_keeps_the_k_best() -> None:
    expected = softmax(LOGITS[0].tolist()[:3]) + [0.0] * 3
    assert_distribution(frequencies(LOGITS, top_k=3), expected)


def test_top_k_beyond_the_vocabulary_keeps_all() -> None:
    assert_distribution(frequencies(LOGITS, top_k=1000), softmax(LOGITS[0].tolist()))


def test_top_p_keeps_the_fewest_that_reach_it() -> None:
    """0.46, 0.28, 0.17, ...: three are needed to reach 0.8."""
    probabilities = softmax(LOGITS[0].tolist())
    assert sum(probabilities[:2]) < 0.8 < sum(probabilities[:3])
    expected = softmax(LOGITS[0].tolist()[:3]) + [0.0] * 3
    assert_distribution(frequencies(LOGITS, top_p=0.8), expected)


def test_top_p_of_nearly_nothing_is_greedy() -> None:
    assert frequencies(LOGITS, top_p=1e-6)[0] == 1.0


def test_top_p_counts_what_top_k_left() -> None:
    """Of the two best (0.62 and 0.38) the first alone reaches 0.6."""
    assert frequencies(LOGITS, top_k=2, top_p=0.6)[0] == 1.0


def test_min_p_is_relative_to_the_best() -> None:
    """exp(-0.5) and exp(-1) are over 0.3, exp(-2) is not."""
    expected = softmax(LOGITS[0].tolist()[:3]) + [0.0] * 3
    assert_distribution(frequencies(LOGITS, min_p=0.3), expected)


def test_min_p_of_one_keeps_the_best() -> None:
    assert frequencies(LOGITS, min_p=1.0)[0] == 1.0


def test_filters_of_one_row_do_not_touch_another() -> None:
    logits = torch.randn(3, VOCAB)
    plain = [choice(seed=s) for s in range(3)]
    mixed = [choice(seed=0), choice(seed=1, top_k=1), choice(seed=2)]
    alone, together = run(logits, plain), run(logits, mixed)
    assert (together[0], together[2]) == (alone[0], alone[2])
    assert together[1].token_id == int(logits[1].argmax())


def penalised(logits: list[float], prompt: tuple[int, ...], output: tuple[int, ...],
              repetition: float, frequency: float, presence: float) -> list[float]:  # fmt: skip
    values = list(logits)
    for token in set(prompt) | set(output):
        v = values[token]
        values[token] = v / repetition if v > 0 else v * repetition
    for token, times in Counter(output).items():
        values[token] -= frequency * times + presence
    return values


@pytest.mark.parametrize(
    ("repetition", "frequency", "presence"),
    [(1.5, 0.0, 0.0), (1.0, 0.7, 0.0), (1.0, 0.0, 0.9), (1.2, 0.3, -0.4)],
)
def test_penalties_match_a_plain_loop(repetition: float, frequency: float, presence: float) -> None:
    prompt, output = (0, 5, 5), (1, 1, 1, 3)
    expected = softmax(
        penalised(LOGITS[0].tolist(), prompt, output, repetition, frequency, presence)
    )
    found = frequencies(
        LOGITS,
        prompt=prompt,
        output=output,
        repetition_penalty=repetition,
        frequency_penalty=frequency,
        presence_penalty=presence,
    )
    assert_distribution(found, expected)


def test_penalties_follow_an_output_that_grows() -> None:
    torch.manual_seed(0)
    logits = torch.randn(1, VOCAB)
    options: Any = {"frequency_penalty": 0.7, "presence_penalty": 0.3, "repetition_penalty": 1.2}
    growing = choice(prompt=(1, 2, 2), output=(3,), temperature=0.0, logprobs=VOCAB, **options)
    for _ in range(VOCAB):
        done = growing.tokens[3:]
        fresh = choice(
            prompt=(1, 2, 2), output=tuple(done), temperature=0.0, logprobs=VOCAB, **options
        )
        (found,), (expected,) = run(logits, [growing]), run(logits, [fresh])
        assert found == expected
        growing.tokens.append(found.token_id)
    assert list(growing.sampled()) == growing.tokens[3:]


def test_penalties_of_one_row_do_not_touch_another() -> None:
    logits = LOGITS.expand(3, -1)
    rows = run(
        logits,
        [
            choice(temperature=0.0, output=(0, 0)),
            choice(temperature=0.0, output=(0, 0), frequency_penalty=1.0),
            choice(temperature=0.0, output=(1,), presence_penalty=2.0),
        ],
    )
    assert [r.token_id for r in rows] == [0, 1, 0]


def test_logit_bias_adds_to_the_logits() -> None:
    expected = softmax([2.0, 1.5 - 100, 1.0, 0.0, -1.0 + 3, -3.0])
    found = frequencies(LOGITS, logit_bias={1: -100.0, 4: 3.0})
    assert_distribution(found, [0.0 if e < 1e-9 else e for e in expected])
    greedy = run(LOGITS, [choice(temperature=0.0, logit_bias={5: 50.0})])
    assert greedy[0].token_id == 5


def test_logprobs_are_of_the_raw_logits() -> None:
    logits = torch.randn(2, VOCAB)
    expected = logits.log_softmax(-1)
    rows = run(
        logits,
        [
            choice(temperature=0.0, logprobs=3, logit_bias={7: 99.0}, repetition_penalty=2.0),
            choice(seed=5, logprobs=0, temperature=3.0, top_k=4),
        ],
    )
    assert rows[0].token_id == 7
    assert rows[0].logprob == pytest.approx(expected[0, 7].item(), abs=1e-6)
    best = expected[0].topk(3)
    assert rows[0].top is not None
    assert [token for token, _ in rows[0].top] == best.indices.tolist()
    assert [p for _, p in rows[0].top] == pytest.approx(best.values.tolist(), abs=1e-6)
    assert rows[1].top == []
    assert rows[1].logprob == pytest.approx(expected[1, rows[1].token_id].item(), abs=1e-6)


def test_a_draw_depends_on_seed_choice_and_position_only() -> None:
    torch.manual_seed(0)
    logits = torch.randn(6, VOCAB)
    choices = [choice(seed=s, index=i, output=(3,) * n) for s, i, n in
               [(1, 0, 0), (1, 1, 0), (1, 0, 1), (2, 0, 0), (9, 2, 4), (1, 0, 7)]]  # fmt: skip
    together = run(logits, choices)
    for row in range(6):
        assert run(logits[row : row + 1], [choices[row]])[0] == together[row]
    reverse = run(logits.flip(0), choices[::-1])
    assert reverse[::-1] == together
    # Equal logits, different streams: 200 seeds must not all agree.
    assert len({r.token_id for r in run(LOGITS.expand(200, -1),
                [choice(seed=s) for s in range(200)])}) > 1  # fmt: skip


def test_choices_and_positions_draw_independently() -> None:
    flat = torch.zeros(1, 4)
    for other in ({"index": 1}, {"output": (2,)}):
        pairs = Counter(
            (a.token_id, b.token_id)
            for a, b in zip(
                run(flat.expand(4000, -1), [choice(seed=s) for s in range(4000)]),
                run(flat.expand(4000, -1), [choice(seed=s, **other) for s in range(4000)]),
                strict=True,
            )
        )
        chi2 = sum((pairs[a, b] - 250) ** 2 / 250 for a in range(4) for b in range(4))
        assert chi2 < 37.7  # the 99.9 % quantile at 15 degrees of freedom


def test_without_a_seed_a_request_repeats_under_its_own_id() -> None:
    logits = torch.zeros(1, 1000)
    first = run(logits, [choice(request_id="x")])
    assert run(logits, [choice(request_id="x")]) == first
    assert run(logits, [choice(request_id="y")]) != first


@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_broken_logits_are_marked_and_harm_no_neighbour(broken: float) -> None:
    logits = torch.randn(3, VOCAB)
    expected = run(logits, [choice(seed=s, top_p=0.9, logprobs=1) for s in range(3)])
    logits[1, 4] = broken
    rows = run(logits, [choice(seed=s, top_p=0.9, logprobs=1) for s in range(3)])
    assert [r.finite for r in rows] == [True, False, True]
    assert (rows[0], rows[2]) == (expected[0], expected[2])
