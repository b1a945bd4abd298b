"""Corpus: the generators' text as arrays of tokens, made by several processes at once."""

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from motet_inference.tiny import tasks, tokenizer
from motet_inference.tiny.text import conversation, mixture
from motet_inference.tiny.text.chat import Chat, Message

Tokens = npt.NDArray[np.uint16]

Job = TypeVar("Job")
Made = TypeVar("Made")

_SHARDS = 32
_SYSTEM = 0.2
_EARLIER = 0.15


@dataclass(frozen=True)
class Example:
    """A conversation's tokens; the answer, its END included, begins at `start`."""

    tokens: Tokens
    start: int


def sample(count: int, seed: int) -> list[str]:
    """Texts of every kind that the tokenizer is trained on, the adapters' answers among them."""
    rng = Random(f"sample/{seed}")  # noqa: S311 - repeatable, not secret
    held = tasks.holdout()
    texts = []
    for item in islice(mixture.stream(rng, held), count):
        texts += [item] if isinstance(item, str) else [m.content for m in item.messages]
    for task in tasks.TASKS.values():
        texts += [item.answer for item in islice(task.training(rng, held), count // 10)]
    return texts


def packed(folder: Path, *, documents: int, seed: int, processes: int) -> Tokens:
    """Conversations and documents end to end, in the tokens of `folder`'s tokenizer."""
    jobs = [(folder, documents // _SHARDS, f"base/{seed}/{shard}") for shard in range(_SHARDS)]
    return np.concatenate(_spread(_pack, jobs, processes))


def examples(folder: Path, task: str, *, count: int, seed: int, processes: int) -> list[Example]:
    """Training conversations of one task, some in a second turn or under a system message."""
    jobs = [(folder, task, count // _SHARDS, f"{task}/{seed}/{i}") for i in range(_SHARDS)]
    return [example for shard in _spread(_examples, jobs, processes) for example in shard]


def _spread(make: Callable[[Job], Made], jobs: list[Job], processes: int) -> list[Made]:
    # Spawned, not forked: the caller may hold threads of torch.
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        return pool.map(make, jobs, chunksize=1)


def _pack(job: tuple[Path, int, str]) -> Tokens:
    folder, count, seed = job
    rng = Random(seed)  # noqa: S311
    encoder = tokenizer.load(folder)
    texts = [
        tokenizer.unframed(item) if isinstance(item, str) else "".join(tokenizer.framed(item))
        for item in islice(mixture.stream(rng, tasks.holdout()), count)
    ]
    encodings = encoder.encode_batch(texts, add_special_tokens=False)
    return np.concatenate([np.array(e.ids, dtype=np.uint16) for e in encodings])


def _examples(job: tuple[Path, str, int, str]) -> list[Example]:
    folder, name, count, seed = job
    rng = Random(seed)  # noqa: S311
    encoder = tokenizer.load(folder)
    made: list[Example] = []
    earlier: tuple[Message, ...] = ()
    for item in islice(tasks.TASKS[name].training(rng, tasks.holdout()), count):
        chat = Chat((*earlier, *item.messages)) if rng.random() < _EARLIER else item
        earlier = item.messages[-2:]
        if rng.random() < _SYSTEM:
            chat = conversation.with_system(rng, chat)
        head, answer = (
            encoder.encode(part, add_special_tokens=False).ids for part in tokenizer.framed(chat)
        )
        # The line break after END belongs to the frame: the model never has to write it.
        made.append(Example(np.array(head + answer[:-1], dtype=np.uint16), len(head)))
    return made
