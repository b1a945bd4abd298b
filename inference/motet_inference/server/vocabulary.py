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
        kinds = _decoder_kinds(json.loads(tokenizer.to_str()).get("decoder"))
        self._byte_level = "ByteLevel" in kinds
        if not self._byte_level and not kinds & {"ByteFallback", "Metaspace"}:
            raise UnsupportedTokenizer(
                "tokenizer.json: only byte-level and SentencePiece decoders are built, "
                f"not {sorted(kinds) or 'none'}"
            )
        self.strips_first_space = not self._byte_level
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


def _decoder_kinds(decoder: dict[str, Any] | None) -> set[str]:
    if decoder is None:
        return set()
    kinds: set[str] = {decoder["type"]}
    for inner in decoder.get("decoders", ()):
        kinds |= _decoder_kinds(inner)
    return kinds


def _byte_alphabet() -> dict[str, int]:
    """GPT-2's alphabet: printable bytes stand for themselves, the others for U+0100 and up."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in set(plain)]
    table = {chr(b): b for b in plain}
    table.update({chr(0x100 + i): b for i, b in enumerate(others)})
    return table


_BYTE_OF = _byte_alphabet()
