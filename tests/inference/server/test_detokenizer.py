"""Text comes in whole characters, and all pieces together are the text."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from motet_inference.server.detokenizer import Detokenizer
from motet_inference.server.tokenizer import Tokenizer
from motet_inference.server.vocabulary import Vocabulary
from tokenizers import AddedToken, decoders, models, normalizers, pre_tokenizers, trainers
from tokenizers import Tokenizer as Backend


@pytest.fixture(scope="module")
def byte_level(tmp_path_factory: pytest.TempPathFactory) -> Backend:
    """GPT-2's alphabet with random merges, special tokens, and an added one that is text."""
    backend = Backend(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    corpus = ["東京都 🙂🙃🙂🙃 naïve café", "e\u0301e\u0301 \u200d👩\u200d💻", "abcabcab cab"]
    trainer = trainers.BpeTrainer(
        vocab_size=330, initial_alphabet=alphabet, special_tokens=["<|x|>"], show_progress=False
    )
    backend.train_from_iterator(corpus, trainer)
    backend.add_tokens([AddedToken("<added> €", special=False)])
    return backend


_PIECES = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
_DECODERS = {  # how a family decodes, and what its normalizer puts before a text
    "llama": (decoders.Sequence([*_PIECES, decoders.Strip(" ", 1, 0)]), "▁"),
    "gemma": (decoders.Sequence(_PIECES), ""),
    "strips no space": (decoders.Sequence([*_PIECES, decoders.Strip("▁", 1, 0)]), ""),
    "metaspace": (
        decoders.Sequence(
            [decoders.ByteFallback(), decoders.Sequence([decoders.Metaspace("▁", "first")])]
        ),
        "▁",
    ),
    "metaspace, never": (
        decoders.Sequence([decoders.Metaspace("▁", "never"), decoders.ByteFallback()]),
        "",
    ),
}


@pytest.fixture(scope="module", params=_DECODERS)
def any_pieces(request: pytest.FixtureRequest) -> Backend:
    return pieces_backend(*_DECODERS[request.param])


@pytest.fixture(scope="module")
def sentence_piece() -> Backend:
    return pieces_backend(*_DECODERS["llama"])


def pieces_backend(decoder: decoders.Decoder, prefix: str) -> Backend:
    pieces = [
        "<unk>",
        "<s>",
        *(f"<0x{b:02X}>" for b in range(256)),
        "▁",
        "▁the",
        "a",
        "é",
        "▁▁",
        "東",
    ]
    backend = Backend(
        models.BPE(
            vocab={piece: i for i, piece in enumerate(pieces)},
            merges=[], unk_token="<unk>", byte_fallback=True, fuse_unk=True,
        )
    )  # fmt: skip
    replace = normalizers.Replace(" ", "▁")
    prepend = [normalizers.Prepend(prefix)] if prefix else []
    backend.normalizer = normalizers.Sequence([*prepend, replace])
    backend.decoder = decoder
    backend.add_special_tokens(["<unk>", "<s>"])
    return backend


def pieces(vocabulary: Vocabulary, ids: list[int], *, at_start: bool = True) -> list[str]:
    detokenizer = Detokenizer(vocabulary, at_start=at_start)
    return [*(detokenizer.push(i) for i in ids), detokenizer.finish()]


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_ids_decode_as_the_library_does(byte_level: Backend, data: st.DataObject) -> None:
    last = byte_level.get_vocab_size() - 1
    ids = data.draw(st.lists(st.integers(0, last), max_size=40))
    assert "".join(pieces(Vocabulary(byte_level), ids)) == byte_level.decode(ids)


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_comes_back_in_whole_characters(byte_level: Backend, text: str) -> None:
    ids = byte_level.encode(text, add_special_tokens=False).ids
    parts = pieces(Vocabulary(byte_level), ids)
    assert "".join(parts) == byte_level.decode(ids)
    if "\ufffd" not in text:
        assert not any("\ufffd" in part for part in parts)


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=40))
def test_sentence_pieces_come_back_too(any_pieces: Backend, text: str) -> None:
    ids = any_pieces.encode(text, add_special_tokens=False).ids
    parts = pieces(Vocabulary(any_pieces), ids)
    assert "".join(parts) == any_pieces.decode(ids)
    if "\ufffd" not in text:
        assert not any("\ufffd" in part for part in parts)


def test_a_chat_in_gemmas_pieces_keeps_its_first_space() -> None:
    backend = pieces_backend(*_DECODERS["gemma"])
    ids = backend.encode("  é", add_special_tokens=False).ids
    assert "".join(pieces(Vocabulary(backend), ids)) == "  é"


@pytest.mark.parametrize("old", [{"add_prefix_space": True}, {}])
def test_an_old_metaspace_strips_as_the_library_does(old: dict[str, bool]) -> None:
    written = json.loads(pieces_backend(decoders.Metaspace(), "▁").to_str())
    written["decoder"] = {"type": "Metaspace", "replacement": "▁", **old}
    backend = Backend.from_str(json.dumps(written))
    ids = backend.encode("a", add_special_tokens=False).ids
    assert "".join(pieces(Vocabulary(backend), ids)) == backend.decode(ids) == "a"


def test_a_continuation_keeps_its_first_space(sentence_piece: Backend) -> None:
    the = sentence_piece.token_to_id("▁the")
    assert the is not None
    ids = [the]
    vocabulary = Vocabulary(sentence_piece)
    assert pieces(vocabulary, ids, at_start=False) == [" the", ""]
    assert pieces(vocabulary, ids, at_start=True) == ["the", ""]


def test_half_a_character_waits_for_the_other(tokenizer: Tokenizer) -> None:
    ids = [i for b in "🦔".encode() for i in _byte_ids(tokenizer, b)]
    parts = pieces(tokenizer.vocabulary, ids)
    assert parts == ["", "", "", "🦔", ""]


def test_an_end_within_a_character_is_said(tokenizer: Tokenizer) -> None:
    ids = [i for b in "🦔".encode()[:3] for i in _byte_ids(tokenizer, b)]
    assert pieces(tokenizer.vocabulary, ids) == ["", "", "", "\ufffd"]


def test_endless_nonsense_is_not_held_back(tokenizer: Tokenizer) -> None:
    detokenizer = Detokenizer(tokenizer.vocabulary, at_start=True)
    (lone,) = _byte_ids(tokenizer, 0x80)
    assert [detokenizer.push(lone) for _ in range(100)] == ["\ufffd"] * 100


def test_special_and_unknown_ids_have_no_text(tokenizer: Tokenizer) -> None:
    assert pieces(tokenizer.vocabulary, [0, 1, 2, 3, 10**6]) == [""] * 6
    assert tokenizer.vocabulary.token_bytes(2) == b"<|end|>"


def test_real_tokenizers_if_there_are_any(tokenizer: Tokenizer, base: Path) -> None:
    backend = Backend.from_file(str(base / "tokenizer.json"))
    draw = random.Random(0)
    for _ in range(200):
        ids = [draw.randrange(backend.get_vocab_size()) for _ in range(30)]
        assert "".join(pieces(tokenizer.vocabulary, ids)) == backend.decode(ids)


def _byte_ids(tokenizer: Tokenizer, byte: int) -> list[int]:
    """The id of the token that is this one byte."""
    vocabulary = tokenizer.vocabulary
    return [i for i in range(400) if vocabulary.text_bytes(i) == bytes([byte])][:1]
