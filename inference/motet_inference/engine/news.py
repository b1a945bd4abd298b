"""What the front is told at the end of a step."""

from dataclasses import dataclass, field

from motet_inference.engine.messages import Cached, ChoiceEnd, Ended, Low, Refused, Token


@dataclass
class News:
    """Collects between steps too: a cancelled request ends at once, and the next step tells it."""

    cached: list[Cached] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    choice_ends: list[ChoiceEnd] = field(default_factory=list)
    low: list[Low] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any(vars(self).values())
