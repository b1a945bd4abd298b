"""The bytes behind each token id."""

from __future__ import annotations

import json
import re
from typing import Any

from tokenizers import Tokenizer

from motet_inference.server.errors import UnsupportedTokenizer

_BYTE_TOKEN = re.compile(r"<0x([0-9A-F]{2})>")
_SPACE = "▁"


class Vocabulary:
    """Token ids -> bytes, for byte-level BPE and for SentencePiece pieces with byte fallback.

    `strips_first_space`: the whole text's first space is the tokenizer's own and not the model's.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._added = tokenizer.get_added_tokens_decoder()
        self._special = {i for i, token in self._added.items() if token.special}
        steps = _decoder_steps(json.loads(tokenizer.to_str()).get("decoder"))
        kinds = {step["type"] for step in steps}
        self._byte_level = "ByteLevel" in kinds
        if not self._byte_level and not kinds & {"ByteFallback", "Metaspace"}:
            raise UnsupportedTokenizer(
                "tokenizer.json: only byte-level and SentencePiece decoders are built, "
                f"not {sorted(kinds) or 'none'}"
            )
        self.strips_first_space = any(map(_strips_first_space, steps))
        self._bytes: dict[int, bytes] = {}

    def text_bytes(self, token_id: int) -> bytes:
        """What the token adds to a text: nothing for special tokens and ids that are unused."""
        return b"" if token_id in self._special else self.token_bytes(token_id)

    def token_bytes(self, token_id: int) -> bytes:
        """The token's own bytes, those of special tokens too; empty for an id that is unused."""
        found = self._bytes.get(token_id)
        if found is None:
            found = self._bytes[token_id] = self._look_up(token_id)
        return found

    def _look_up(self, token_id: int) -> bytes:
        piece: str | None = self._tokenizer.id_to_token(token_id)
        if piece is None:
            return b""
        if self._byte_level:
            try:
                return bytes(_BYTE_OF[c] for c in piece)
            except KeyError:  # an added token, which stands for itself
                return piece.encode()
        if (match := _BYTE_TOKEN.fullmatch(piece)) and token_id not in self._added:
            return bytes([int(match[1], 16)])
        return piece.replace(_SPACE, " ").encode()


def _decoder_steps(decoder: dict[str, Any] | None) -> list[dict[str, Any]]:
    """What a decoder does, one after another: sequences may hold sequences."""
    if decoder is None:
        return []
    if decoder["type"] != "Sequence":
        return [decoder]
    return [step for inner in decoder["decoders"] for step in _decoder_steps(inner)]


def _strips_first_space(step: dict[str, Any]) -> bool:
    """Llama's pieces have one space too many in front; Gemma's have none, and nothing goes."""
    if step["type"] == "Strip":
        return bool(step["content"] == " " and step["start"] > 0)
    # The library writes the scheme of every file here, also of old ones with add_prefix_space.
    return bool(step["type"] == "Metaspace" and step["prepend_scheme"] != "never")


def _byte_alphabet() -> dict[str, int]:
    """GPT-2's alphabet: printable bytes stand for themselves, the others for U+0100 and up."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in set(plain)]
    table = {chr(b): b for b in plain}
    table.update({chr(0x100 + i): b for i, b in enumerate(others)})
    return table


_BYTE_OF = _byte_alphabet()
