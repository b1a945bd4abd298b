"""Prompts become the very ids that transformers makes of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from motet_inference.server.errors import InvalidRequest, UnsupportedTokenizer
from motet_inference.server.tokenizer import Tokenizer
from tokenizers import Tokenizer as Backend
from tokenizers import decoders
from transformers import AutoTokenizer

TEXTS = [
    "The quick brown fox",
    "",
    " leading",
    "a\n\n  b\t",
    "naïve 東京 🙂 \x00",
    "<|end|> x <|user|>",
]
CHAT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "  Hi 🙂 {{ 7*7 }} {% raise %} ", "name": "bob"},
    {"role": "assistant", "content": "Yes?"},
    {"role": "user", "content": "<|end|>"},
]


def variant(base: Path, tmp_path: Path, **settings: Any) -> Path:
    folder = tmp_path / "variant"
    shutil.copytree(base, folder)
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **settings}))
    return folder


def reference(folder: Path) -> Any:
    return AutoTokenizer.from_pretrained(str(folder))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"add_bos_token": True},
        {"add_bos_token": False},
        {"add_bos_token": True, "add_eos_token": True},
        {"tokenizer_class": "PreTrainedTokenizerFast"},
    ],
)
def test_texts_equal_transformers(settings: dict[str, Any], base: Path, tmp_path: Path) -> None:
    folder = variant(base, tmp_path, **settings)
    ours, theirs = Tokenizer(folder, max_position=512), reference(folder)
    for text in TEXTS:
        assert ours.text(text) == theirs(text)["input_ids"]


def test_chats_equal_transformers(base: Path, tokenizer: Tokenizer) -> None:
    theirs = reference(base)
    for end in range(1, len(CHAT) + 1):
        expected = theirs.apply_chat_template(
            CHAT[:end], tokenize=True, add_generation_prompt=True, return_dict=False
        )
        assert tokenizer.chat(CHAT[:end]) == expected


def test_a_template_inside_the_config_does_too(base: Path, tmp_path: Path) -> None:
    template = "{{ bos_token }}{{ messages[0]['content'] }}{{ messages | tojson }}"
    folder = variant(base, tmp_path, chat_template=template)
    (folder / "chat_template.jinja").unlink()
    expected = reference(folder).apply_chat_template(CHAT, tokenize=True, return_dict=False)
    assert Tokenizer(folder, max_position=512).chat(CHAT) == expected
    named = [{"name": "default", "template": template}, {"name": "x", "template": "y"}]
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "chat_template": named}))
    assert Tokenizer(folder, max_position=512).chat(CHAT) == expected


def test_what_the_template_refuses_is_the_clients_fault(tokenizer: Tokenizer) -> None:
    with pytest.raises(InvalidRequest, match="no tools here"):
        tokenizer.chat([{"role": "tool", "content": "x"}])


def chat_with(template: str, base: Path, tmp_path: Path) -> list[int]:
    folder = variant(base, tmp_path)
    (folder / "chat_template.jinja").write_text(template)
    return Tokenizer(folder, max_position=4).chat([{"role": "user", "content": "x"}])


@pytest.mark.parametrize(
    "template",
    [
        "{% for i in range(99999) %}xxxxxxxxxxxxxxxxx{% endfor %}",
        "{{ messages.__class__.__mro__ }}",
        "{{ ''.__class__.__base__.__subclasses__() }}",
        "{{ messages.append('x') }}",
        "{{ messages[0].missing.more }}",
        "{{ range(10**9) | list }}",
    ],
)
def test_a_template_stays_in_its_sandbox(template: str, base: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest):
        chat_with(template, base, tmp_path)


def test_without_a_template_there_is_no_chat(base: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="no chat template"):
        chat_with("", base, tmp_path)


def test_a_broken_template_ends_the_start(base: Path, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedTokenizer, match="chat template"):
        chat_with("{% if %}", base, tmp_path)


def test_a_tokenizer_that_is_not_built_ends_the_start(base: Path, tmp_path: Path) -> None:
    folder = variant(base, tmp_path)
    backend = Backend.from_file(str(folder / "tokenizer.json"))
    backend.decoder = decoders.WordPiece()
    backend.save(str(folder / "tokenizer.json"))
    with pytest.raises(UnsupportedTokenizer, match="WordPiece"):
        Tokenizer(folder, max_position=512)
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(UnsupportedTokenizer, match=r"tokenizer\.json"):
        Tokenizer(folder, max_position=512)
