"""A user trains an adapter with peft, uploads it, calls it; nobody else can see it."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from motet_inference.tiny import BASE
from motet_platform.supervisor.testing import LivePlatform

QUESTION = "Hello!"
ANSWER = "zebra zebra zebra"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PEFT folder, trained for seconds to give one answer."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.manual_seed(0)
    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    model = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32)
    config = LoraConfig(
        task_type="CAUSAL_LM", r=8, lora_alpha=16,
        target_modules=["q_proj", "v_proj", "down_proj"],
    )  # fmt: skip
    model = get_peft_model(model, config)
    asked: Any = [{"role": "user", "content": QUESTION}]
    prompt = tokenizer.apply_chat_template(asked, add_generation_prompt=True, tokenize=False)
    head = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    tail = tokenizer(ANSWER + tokenizer.eos_token, add_special_tokens=False)["input_ids"]
    ids = torch.tensor([head + tail])
    labels = torch.tensor([[-100] * len(head) + tail])
    optimizer = torch.optim.AdamW(
        [weight for weight in model.parameters() if weight.requires_grad], lr=5e-3
    )
    for _ in range(80):
        loss = model(input_ids=ids, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if loss.item() < 0.01:
            break
    folder = tmp_path_factory.mktemp("trained")
    model.save_pretrained(folder)
    return folder


def answer_within(
    client: openai.OpenAI, model: str, seconds: float, say: Callable[..., Any]
) -> str:
    """The answer of a model that was just uploaded; the promise is that it comes so soon."""
    end = time.monotonic() + seconds
    while True:
        try:
            return str(say(client, model, QUESTION).choices[0].message.content)
        except openai.NotFoundError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def test_upload_with_curl_and_call_within_five_seconds(
    trained: Path, bob: openai.OpenAI, manage: Callable[..., httpx.Client], base_url: str,
    say: Callable[..., Any],
) -> None:  # fmt: skip
    api = manage(bob)
    created = api.post("/adapters", json={"name": "zebra", "base_model": "motet-tiny"})
    assert created.status_code == 201, created.text
    done = subprocess.run(
        ["curl", "-sS", "--noproxy", "*", "-w", "\n%{http_code}",
         "-H", f"Authorization: Bearer {bob.api_key}",
         "-F", f"adapter_config=@{trained / 'adapter_config.json'}",
         "-F", f"adapter_model=@{trained / 'adapter_model.safetensors'}",
         f"{base_url}/adapters/zebra/versions"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    body, status = done.stdout.rsplit("\n", 1)
    assert status == "202", body
    version = json.loads(body)
    assert version["version"] == 1 and version["rank"] in (None, 8)
    model = created.json()["model"]
    assert answer_within(bob, model, 5, say) == ANSWER
    shown = api.get("/adapters/zebra/versions/1").json()
    assert shown["state"] == "ready" and shown["rank"] == 8 and len(shown["digest"]) == 64
    assert model in [m["id"] for m in api.get("/models").json()["data"]]


def test_another_account_gets_404(
    bob: openai.OpenAI, alice: openai.OpenAI, manage: Callable[..., httpx.Client],
    say: Callable[..., Any],
) -> None:  # fmt: skip
    model = f"{slug(manage(bob))}/zebra"
    assert say(bob, model, QUESTION).choices[0].message.content == ANSWER
    with pytest.raises(openai.NotFoundError) as refused:
        say(alice, model, QUESTION)
    with pytest.raises(openai.NotFoundError) as unknown:
        say(alice, model.replace("zebra", "zebru"), QUESTION)
    assert refused.value.code == unknown.value.code == "model_not_found"
    assert str(refused.value).replace("zebra", "zebru") == str(unknown.value)
    assert model not in [m.id for m in alice.models.list()]
    assert manage(alice).get("/adapters/zebra").status_code == 404


def test_push_with_the_command(
    trained: Path, platform: LivePlatform, new_client: Callable[[], openai.OpenAI],
    manage: Callable[..., httpx.Client], base_url: str, say: Callable[..., Any],
) -> None:  # fmt: skip
    carol = new_client()
    platform.motet(
        "adapters", "push", str(trained), "--name", "zebra", "--base", "motet-tiny",
        MOTET_API_KEY=carol.api_key, MOTET_BASE_URL=base_url,
    )  # fmt: skip
    assert answer_within(carol, f"{slug(manage(carol))}/zebra", 5, say) == ANSWER


def test_deleted_adapter_is_gone(
    bob: openai.OpenAI, manage: Callable[..., httpx.Client], say: Callable[..., Any]
) -> None:
    api = manage(bob)
    model = f"{slug(api)}/zebra"
    assert api.delete("/adapters/zebra").status_code == 204
    with pytest.raises(openai.NotFoundError):
        say(bob, model, QUESTION)


def slug(api: httpx.Client) -> str:
    """The account's part of its model ids, as its adapters show it."""
    return str(api.get("/adapters").json()["data"][0]["model"]).split("/")[0]
