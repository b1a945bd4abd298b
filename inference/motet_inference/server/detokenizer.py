"""Token ids to text as they come, never half a character."""

from __future__ import annotations

import codecs

from motet_inference.server.vocabulary import Vocabulary


class Detokenizer:
    """The text of one choice. What was pushed, joined, equals the whole decoded at once."""

    def __init__(self, vocabulary: Vocabulary, *, at_start: bool) -> None:
        """`at_start`: the output begins a text of its own: a tokenizer's own first space goes."""
        self._vocabulary = vocabulary
        # Replaces exactly what the tokenizers library replaces: each maximal invalid sequence.
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._strip = at_start and vocabulary.strips_first_space

    @property
    def pending(self) -> bool:
        """Whether bytes of an unfinished character are kept back."""
        return bool(self._decoder.getstate()[0])

    def push(self, token_id: int) -> str:
        """The characters that this token completes, maybe none."""
        data = self._vocabulary.text_bytes(token_id)
        if self._strip and data:
            self._strip = False
            data = data.removeprefix(b" ")
        return self._decoder.decode(data)

    def finish(self) -> str:
        """What is left: a replacement character if the text ends within one."""
        return self._decoder.decode(b"", final=True)
