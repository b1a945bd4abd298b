"""The shipped files: their size, their format and the chat's frame."""

import json
import subprocess
import sys
from random import Random
from typing import Any

import pytest
from jinja2.exceptions import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from motet_inference.tiny import ADAPTERS, BASE, tokenizer
from motet_inference.tiny.recipes import RECIPES
from motet_inference.tiny.tasks import TASKS
from motet_inference.tiny.text import mixture
from safetensors import safe_open


def test_the_paths_cost_no_torch() -> None:
    code = "import sys, motet_inference.tiny; sys.exit(bool({'torch', 'numpy'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_base_is_small() -> None:
    assert sum(file.stat().st_size for file in BASE.iterdir()) <= 12_000_000


def test_the_base_is_a_llama() -> None:
    config = json.loads((BASE / "config.json").read_text())
    assert config["architectures"] == ["LlamaForCausalLM"]
    assert config["num_key_value_heads"] < config["num_attention_heads"]
    generation = json.loads((BASE / "generation_config.json").read_text())
    encoder = tokenizer.load(BASE)
    for file in (config, generation):
        assert file["bos_token_id"] == encoder.token_to_id(tokenizer.BEGIN)
        assert file["eos_token_id"] == encoder.token_to_id(tokenizer.END)
        assert file["pad_token_id"] == encoder.token_to_id(tokenizer.PAD)
    assert config["vocab_size"] == encoder.get_vocab_size()
    with safe_open(BASE / "model.safetensors", "numpy") as file:
        assert "lm_head.weight" not in file.keys()  # noqa: SIM118 - not a mapping


@pytest.mark.parametrize("name", ADAPTERS)
def test_an_adapter_is_what_its_recipe_says(name: str) -> None:
    folder, recipe = ADAPTERS[name], RECIPES[name]
    assert {file.name for file in folder.iterdir()} == {
        "adapter_config.json",
        "adapter_model.safetensors",
    }
    config = json.loads((folder / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "motet-tiny"
    assert config["r"] == recipe.rank
    assert config["use_rslora"] == recipe.rank_stabilised
    assert set(config["target_modules"]) == set(recipe.targets)
    layers = json.loads((BASE / "config.json").read_text())["num_hidden_layers"]
    with safe_open(folder / "adapter_model.safetensors", "numpy") as file:
        ranks = {k: file.get_slice(k).get_shape()[0] for k in file.keys() if "lora_A" in k}  # noqa: SIM118
    assert len(ranks) == layers * len(recipe.targets)
    for key, rank in ranks.items():
        module = key.split(".")[-3]
        assert rank == recipe.rank_pattern.get(module, recipe.rank)


def test_the_adapters_differ_in_rank_and_in_targets() -> None:
    assert set(ADAPTERS) == set(RECIPES) == set(TASKS)
    assert len({recipe.rank for recipe in RECIPES.values()}) == 3
    assert len({recipe.targets for recipe in RECIPES.values()}) == 3


def template() -> Any:
    def refuse(message: str) -> None:
        raise TemplateError(message)

    config = json.loads((BASE / "tokenizer_config.json").read_text())
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    environment.globals["raise_exception"] = refuse
    made = environment.from_string(config["chat_template"])
    return lambda messages, add_generation_prompt=True: made.render(
        messages=messages,
        bos_token=config["bos_token"],
        add_generation_prompt=add_generation_prompt,
    )


def test_the_template_in_the_sandbox_frames_as_in_training() -> None:
    render, rng = template(), Random(1)
    for _ in range(300):
        chat = mixture.chat(rng)
        head, answer = tokenizer.framed(chat)
        assert render(chat.prompt()) == head
        whole = [message.as_dict() for message in chat.messages]
        assert render(whole, add_generation_prompt=False) == head + answer


def test_the_template_takes_parts_and_refuses_other_roles() -> None:
    render = template()
    parts = [{"type": "text", "text": "Hello"}, {"type": "text", "text": " you"}]
    said = render([{"role": "user", "content": parts}])
    assert said == render([{"role": "user", "content": "Hello you"}])
    with pytest.raises(TemplateError, match="tool"):
        render([{"role": "tool", "content": "x"}])


def test_tokens_come_back_as_the_text_they_were() -> None:
    encoder, rng = tokenizer.load(BASE), Random(6)
    for text in ["héllo — 日本 \U0001f600\n\n  x", *(mixture.chat(rng).answer for _ in range(300))]:
        ids = encoder.encode(text).ids
        assert ids[0] == encoder.token_to_id(tokenizer.BEGIN)
        assert encoder.decode(ids) == text


def test_the_tokenizer_makes_one_token_of_each_digit() -> None:
    encoder = tokenizer.load(BASE)
    assert encoder.encode("2048", add_special_tokens=False).tokens == list("2048")
