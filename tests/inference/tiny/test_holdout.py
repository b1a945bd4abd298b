"""No overlap: what is scored was never trained on, nor anything near it."""

from itertools import islice
from random import Random

import pytest
from motet_inference.tiny import BASE, corpus, tasks, tokenizer
from motet_inference.tiny.tasks import PLAIN, TASKS
from motet_inference.tiny.text import mixture
from motet_inference.tiny.text.holdout import NEAR, SHARE, Holdout, masked, reserved, trigrams

EVALUATED = [item.question for task in (*TASKS.values(), PLAIN) for item in task.held_out()]


def trained_on(source: str, count: int, seed: int = 77) -> list[str]:
    """What users say in training texts of the base or of a task, and whole documents."""
    rng, held = Random(seed), tasks.holdout()
    if source != "base":
        items = islice(TASKS[source].training(rng, held), count)
        return [m.content for item in items for m in item.messages if m.role == "user"]
    texts: list[str] = []
    for item in islice(mixture.stream(rng, held), count):
        texts += (
            [item]
            if isinstance(item, str)
            else [m.content for m in item.messages if m.role == "user"]
        )
    return texts


@pytest.mark.parametrize("source", ["base", *TASKS])
def test_training_text_has_no_evaluation_prompt_even_with_other_numbers(source: str) -> None:
    evaluated = {masked(prompt) for prompt in EVALUATED}
    assert not [text for text in trained_on(source, 6000) if masked(text) in evaluated]


@pytest.mark.parametrize("source", ["base", *TASKS])
def test_training_text_is_near_to_no_evaluation_prompt(source: str) -> None:
    # Brute force over all pairs, apart from the index that the generators use.
    evaluated = [trigrams(prompt) for prompt in EVALUATED]
    for text in trained_on(source, 700):
        grams = trigrams(text)
        nearest = max(len(grams & other) / len(grams | other) for other in evaluated)
        assert nearest < NEAR, text


def test_the_corpus_itself_holds_no_evaluation_prompt() -> None:
    encoder = tokenizer.load(BASE)
    tokens = corpus.packed(BASE, documents=960, seed=4, processes=1)
    text = encoder.decode(tokens.tolist(), skip_special_tokens=False)
    assert text.count(tokenizer.BEGIN) == 960
    assert not [prompt for prompt in EVALUATED if f"<|user|>\n{prompt}<|end|>" in text]


def test_the_holdout_index_agrees_with_brute_force() -> None:
    held = Holdout(EVALUATED)
    rng = Random(3)
    seen = {True: 0, False: 0}
    for task in TASKS.values():
        for text in [task.draw(rng).question for _ in range(100)] + EVALUATED[::20]:
            grams = trigrams(text)
            near = any(
                len(grams & (other := trigrams(prompt))) >= NEAR * len(grams | other)
                for prompt in EVALUATED
            )
            assert held.near(text) == near
            seen[near] += 1
    assert seen[True] >= 100
    assert seen[False] >= 100


def test_what_counts_as_near() -> None:
    prompt = (
        "Hello, my kettle has a big crack in it. I paid by card. Order A-1234. "
        "Please reply by tomorrow, for my party is in two days. Thanks, Mei"
    )
    held = Holdout([prompt])
    assert held.near(prompt.upper().replace("1234", "77"))
    assert held.near(prompt.replace("Mei", "Zoe"))
    assert not held.near("Hello, my kettle has a big crack in it. Please reply by tomorrow.")
    assert not held.allows(prompt.replace("Mei", "Zoe"))


def test_one_prompt_in_ten_is_reserved_and_short_ones_never() -> None:
    rng = Random(8)
    prompts = {masked(TASKS["sql"].draw(rng).question) for _ in range(4000)}
    share = sum(map(reserved, prompts)) / len(prompts)
    assert 0.7 / SHARE < share < 1.3 / SHARE
    assert not any(reserved(f"{word} there") for word in prompts if " " not in word)
    assert not reserved("Hello!")


def test_evaluation_prompts_are_reserved() -> None:
    assert all(map(reserved, EVALUATED))
