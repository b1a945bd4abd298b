"""Holdout: which prompts are kept for evaluation, and which training texts come too near them."""

import re
import zlib
from collections import Counter
from collections.abc import Iterable

SHARE = 10
"""One masked prompt in this many is never trained on."""

_SALT = 3
"""Chosen so that the plainest questions (who are you?) are there to be learned."""

NEAR = 0.8
"""Two texts are near when their word trigrams, numbers masked, have this Jaccard index."""


def masked(text: str) -> str:
    """Lower case, no punctuation, every number replaced: two texts that differ only there agree."""
    text = re.sub(r"\d+", "#", text.lower())
    return " ".join(re.findall(r"[a-z#']+", text))


def reserved(text: str) -> bool:
    """Whether the text belongs to evaluation. Stable over machines and Python versions.

    Texts of one or two words never do: "hello" has no near relative to be learned from.
    """
    mask = masked(text)
    return mask.count(" ") >= 2 and zlib.crc32(f"{_SALT} {mask}".encode()) % SHARE == 0


def trigrams(text: str) -> frozenset[str]:
    """The word trigrams of the masked text; a shorter text is one gram."""
    words = masked(text).split()
    if len(words) < 3:
        return frozenset([" ".join(words)])
    return frozenset(" ".join(words[i : i + 3]) for i in range(len(words) - 2))


class Holdout:
    """An index over evaluation prompts that answers: may this text be trained on?"""

    def __init__(self, prompts: Iterable[str]) -> None:
        self._grams = [trigrams(prompt) for prompt in prompts]
        self._where: dict[str, list[int]] = {}
        for number, grams in enumerate(self._grams):
            for gram in grams:
                self._where.setdefault(gram, []).append(number)

    def near(self, text: str) -> bool:
        """Whether the text's trigrams overlap those of any evaluation prompt by NEAR or more."""
        grams = trigrams(text)
        shared = Counter(number for gram in grams for number in self._where.get(gram, ()))
        return any(
            count >= NEAR * (len(grams) + len(self._grams[number]) - count)
            for number, count in shared.items()
        )

    def allows(self, text: str) -> bool:
        return not reserved(text) and not self.near(text)
