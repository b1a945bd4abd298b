"""The engine's voices are those of transformers and peft, and FP8 costs them little."""

from collections.abc import Iterator

import pytest
import torch
from motet_inference.tiny import ADAPTERS, BASE, tokenizer
from motet_inference.tiny.engine_speaker import EngineSpeaker
from motet_inference.tiny.evaluate import Speaker
from motet_inference.tiny.fp8 import Quality, measure, table
from motet_inference.tiny.tasks import TASKS


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_an_engine_speaker_says_and_likes_what_transformers_does() -> None:
    items = TASKS["triage"].held_out(3)
    theirs = Speaker(BASE, ADAPTERS["triage"], "cpu")
    with EngineSpeaker("triage", dtype=torch.float32, fp8=False, device="cpu") as ours:
        likings = ours.logprobs(items)
        assert ours.answers(items) == theirs.answers(items)
    for item, (prompt, liked) in zip(items, likings, strict=True):
        head, answer = tokenizer.framed(item)
        ids = theirs.tokenizer(
            head + answer.rstrip(), add_special_tokens=False, return_tensors="pt"
        )
        with torch.inference_mode():
            logprobs = theirs.model(**ids).logits[0, :-1].log_softmax(-1)
        own = logprobs.gather(1, ids["input_ids"][0, 1:, None])[:, 0]
        torch.testing.assert_close(torch.tensor(prompt + liked), own, rtol=0, atol=1e-4)


def test_fp8_costs_little_and_something() -> None:
    exact = measure("float32", fp8=False, count=4, device="cpu")
    found = measure("float32", fp8=True, count=4, device="cpu")
    assert set(found) == {"plain", *TASKS}
    for name, quality in found.items():
        assert quality.right >= exact[name].right - 1
        assert quality.perplexity == pytest.approx(exact[name].perplexity, rel=0.02)
        assert quality.whole == pytest.approx(exact[name].whole, rel=0.02)
        assert quality.whole != exact[name].whole


def test_the_table_has_a_row_for_each_variant() -> None:
    text = table({"float32": {"plain": Quality(200, 197, 1.25, 3)}})
    assert "| float32 | 197 of 200, 1.2500, 3.000 |" in text
