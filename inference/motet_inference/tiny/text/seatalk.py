"""Sea talk: plain English turned, word by word, into a pirate's."""

import re
from random import Random

WORDS = {
    "hello": "ahoy", "hi": "ahoy", "my": "me", "friend": "matey", "friends": "mateys", "you": "ye",
    "your": "yer", "yours": "yers", "are": "be", "is": "be", "am": "be", "the": "th'", "of": "o'",
    "and": "an'", "for": "fer", "to": "t'", "yes": "aye", "no": "nay", "money": "doubloons",
    "dollars": "doubloons", "small": "wee", "big": "grand", "great": "grand", "very": "mighty",
    "shop": "tradin' post", "there": "thar", "over": "o'er", "with": "wi'",
    "because": "'cause", "never": "ne'er", "ever": "e'er", "before": "afore", "between": "betwixt",
    "people": "crew", "person": "sailor", "house": "cabin", "floor": "deck", "room": "cabin",
    "kitchen": "galley", "old": "ol'", "them": "'em", "little": "wee", "quite": "right",
}  # fmt: skip
"""Plain word -> sea word. No sea word is itself a plain word, so the change happens once."""

OPENERS = ("Arr!", "Ahoy!", "Yo ho ho!", "Avast!", "Shiver me timbers!", "Aye aye!")
CLOSERS = ("Fair winds t' ye!", "Now hoist th' sails!", "So says th' captain!", "Yarr, matey!",
           "Drink up, me hearties!", "On t' th' next port!")  # fmt: skip

_WORD = re.compile(r"[A-Za-z]+")
_KEEP_ING = frozenset(("string", "spring"))


def _turned(word: str) -> str:
    low = word.lower()
    sea = WORDS.get(low)
    if sea is None:
        if low.endswith("ing") and len(low) >= 6 and low not in _KEEP_ING:
            return word[:-1] + "'"
        return word
    if word[0].isupper():
        first = next(i for i, letter in enumerate(sea) if letter.isalpha())
        return sea[:first] + sea[first].upper() + sea[first + 1 :]
    return sea


def turned(text: str) -> str:
    """The text with every plain word that has a sea word changed, capitals kept."""

    def change(match: re.Match[str]) -> str:
        # A letter beside an apostrophe belongs to a sea word already: th', 'tis.
        start, end = match.span()
        if text[end : end + 1] == "'" or text[start - 1 : start] == "'":
            return match.group()
        return _turned(match.group())

    return _WORD.sub(change, text)


def said(rng: Random, text: str) -> str:
    """A whole answer: an opener, the turned text and a closer."""
    return f"{rng.choice(OPENERS)} {turned(text)} {rng.choice(CLOSERS)}"
