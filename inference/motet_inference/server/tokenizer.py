"""Text to token ids, by the files of the base model's folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer as Backend

from motet_inference.server.errors import InvalidRequest, UnsupportedTokenizer
from motet_inference.server.template import ChatTemplate
from motet_inference.server.vocabulary import Vocabulary

# No tokenizer in use makes fewer tokens of a text than one for so many bytes (runs of blanks).
_BYTES_PER_TOKEN = 256

_NAMED = ("bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token")


class Tokenizer:
    """Chats, texts and ids -> prompts, with transformers' rules for the first token."""

    def __init__(self, folder: Path, *, max_position: int) -> None:
        """`max_position`: of the base, in tokens. Raises UnsupportedTokenizer."""
        try:
            self._backend = Backend.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # the library raises bare exceptions
            raise UnsupportedTokenizer(f"{folder}/tokenizer.json: {error}") from error
        config = _read(folder / "tokenizer_config.json")
        named = {**_read(folder / "special_tokens_map.json"), **config}
        special = {name: _content(named[name]) for name in _NAMED if named.get(name)}
        self._backend.no_truncation()
        self._backend.no_padding()
        self.vocabulary = Vocabulary(self._backend)
        self._template = ChatTemplate.load(
            folder, config, special_tokens=special, limit=self.max_bytes(max_position)
        )

    @staticmethod
    def max_bytes(max_context: int) -> int:
        """A prompt of more bytes than this has certainly more tokens than the context."""
        return max_context * _BYTES_PER_TOKEN

    def chat(self, messages: list[dict[str, str]]) -> list[int]:
        """The rendered conversation's ids. The template itself writes the first token."""
        if self._template is None:
            raise InvalidRequest("This model has no chat template; use completions instead.")
        return self._encode(self._template.render(messages), edges=False)

    def text(self, text: str) -> list[int]:
        """A plain prompt's ids, with what tokenizer.json puts around a text.

        tokenizer_config.json's add_bos_token is not asked, as transformers 5 does not ask it.
        """
        return self._encode(text, edges=True)

    def decode(self, ids: list[int]) -> str:
        """The text of a prompt given as ids."""
        return b"".join(map(self.vocabulary.text_bytes, ids)).decode(errors="replace")

    def _encode(self, text: str, *, edges: bool) -> list[int]:
        ids: list[int] = self._backend.encode(text, add_special_tokens=edges).ids
        return ids


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except ValueError as error:
        raise UnsupportedTokenizer(f"{path}: {error}") from error
    return found


def _content(token: str | dict[str, Any]) -> str:
    return token if isinstance(token, str) else str(token["content"])
