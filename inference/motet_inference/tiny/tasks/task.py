"""Task: what an adapter is trained for, and how its answers are judged."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from motet_inference.tiny.text.chat import Chat
from motet_inference.tiny.text.holdout import Holdout, masked, reserved

EVALUATION_SEED = 20_000
EVALUATION_ITEMS = 200


@dataclass(frozen=True)
class Task:
    """One skill. `draw` makes an item whose last message is a right answer.

    `correct(item, text)` is strict: it reads only the item and the answer, and runs no model.
    """

    name: str
    draw: Callable[[Random], Chat]
    correct: Callable[[Chat, str], bool]

    def held_out(self, count: int = EVALUATION_ITEMS) -> list[Chat]:
        """The evaluation items: always the same, no two alike under the mask."""
        rng = Random(f"{EVALUATION_SEED}/{self.name}")  # noqa: S311 - repeatable, not secret
        items: dict[str, Chat] = {}
        while len(items) < count:
            item = self.draw(rng)
            if reserved(item.question):
                items.setdefault(masked(item.question), item)
        return list(items.values())

    def training(self, rng: Random, holdout: Holdout) -> Iterator[Chat]:
        """Endless training items, none reserved for evaluation or near to an evaluation item."""
        while True:
            item = self.draw(rng)
            if all(holdout.allows(m.content) for m in item.messages if m.role == "user"):
                yield item
