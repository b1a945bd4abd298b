"""What FP8 costs motet-tiny: `python -m motet_inference.tiny.fp8`.

The base and its adapters answer their held-out items through the serving engine, and are asked how
likely they find the right answers: with weights as they are stored, and in FP8.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean

import torch

from motet_inference.tiny.engine_speaker import DTYPES, EngineSpeaker
from motet_inference.tiny.tasks import PLAIN, TASKS
from motet_inference.tiny.tasks.task import EVALUATION_ITEMS

VARIANTS: dict[str, tuple[str, bool]] = {
    "float32": ("float32", False),
    "bfloat16": ("bfloat16", False),
    "fp8, rest in float32": ("float32", True),
    "fp8, rest in bfloat16": ("bfloat16", True),
}


@dataclass(frozen=True)
class Quality:
    """One voice on its own task.

    Attributes:
        items: held-out conversations.
        right: how many of them it answers rightly.
        perplexity: of the right answers.
        whole: perplexity of the conversations with their questions, which are harder to foresee.
    """

    items: int
    right: int
    perplexity: float
    whole: float


def measure(dtype: str, *, fp8: bool, count: int, device: str) -> dict[str, Quality]:
    """By task: the base on `plain`, and each adapter on its own."""
    found = {}
    for task in (PLAIN, *TASKS.values()):
        items = task.held_out(count)
        adapter = None if task is PLAIN else task.name
        with EngineSpeaker(adapter, dtype=DTYPES[dtype], fp8=fp8, device=device) as speaker:
            answers = speaker.answers(items)
            logprobs = speaker.logprobs(items)
        right = sum(task.correct(i, text) for i, text in zip(items, answers, strict=True))
        answered = [value for _, answer in logprobs for value in answer]
        whole = [value for prompt, _ in logprobs for value in prompt] + answered
        found[task.name] = Quality(count, right, _perplexity(answered), _perplexity(whole))
    return found


def _perplexity(logprobs: list[float]) -> float:
    return math.exp(-fmean(logprobs))


def table(found: dict[str, dict[str, Quality]]) -> str:
    """A row for each variant, in Markdown: of each voice, right answers and both perplexities."""
    tasks = list(next(iter(found.values())))
    lines = [
        "| weights | " + " | ".join(f"{task}" for task in tasks) + " |",
        "|---" * (len(tasks) + 1) + "|",
    ]
    for variant, qualities in found.items():
        cells = [
            f"{q.right} of {q.items}, {q.perplexity:.4f}, {q.whole:.3f}" for q in qualities.values()
        ]
        lines.append("| " + " | ".join([variant, *cells]) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m motet_inference.tiny.fp8")
    parser.add_argument("--items", type=int, default=EVALUATION_ITEMS, help="items per task")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))
    parser.add_argument("--json", type=Path, help="where to write the figures")
    args = parser.parse_args()
    found = {}
    for variant in args.variants:
        dtype, fp8 = VARIANTS[variant]
        found[variant] = measure(dtype, fp8=fp8, count=args.items, device=args.device)
    if args.json:
        plain = {v: {t: asdict(q) for t, q in of.items()} for v, of in found.items()}
        args.json.write_text(json.dumps(plain, indent=2) + "\n")
    print(table(found))


if __name__ == "__main__":
    main()
