"""Chat: one conversation, the unit that every generator makes."""

import re
from dataclasses import dataclass
from typing import Literal

Role = Literal["system", "user", "assistant"]


def holds(text: str, fact: str) -> bool:
    """Whether the fact stands in the text as whole words, capitals aside: 4 is not in 14."""
    return re.search(rf"(?<!\w){re.escape(fact)}(?!\w)", text, re.IGNORECASE) is not None


@dataclass(frozen=True)
class Message:
    role: Role
    content: str

    def as_dict(self) -> dict[str, str]:
        return {"role": self.role, "content": self.content}


@dataclass(frozen=True)
class Chat:
    """A conversation that ends with the assistant's answer.

    `facts` are strings that any right form of that last answer must contain.
    """

    messages: tuple[Message, ...]
    facts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.messages) < 2 or self.messages[-1].role != "assistant":
            raise ValueError("a chat ends with an answer of the assistant")
        missing = [fact for fact in self.facts if not holds(self.answer, fact)]
        if missing:
            raise ValueError(f"the answer {self.answer!r} lacks its facts {missing}")

    @property
    def answer(self) -> str:
        return self.messages[-1].content

    @property
    def question(self) -> str:
        return self.messages[-2].content

    def prompt(self) -> list[dict[str, str]]:
        """All but the answer, as the chat template takes it."""
        return [message.as_dict() for message in self.messages[:-1]]


def ask(question: str, answer: str, *facts: str) -> Chat:
    """One question and its answer."""
    return Chat((Message("user", question), Message("assistant", answer)), facts)
