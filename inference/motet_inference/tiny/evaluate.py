"""Score motet-tiny and its adapters: `python -m motet_inference.tiny.evaluate`.

Greedy answers to the held-out items, through transformers and peft.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from motet_inference.tiny import ADAPTERS, BASE
from motet_inference.tiny.tasks import PLAIN, TASKS
from motet_inference.tiny.tasks.task import EVALUATION_ITEMS, Task
from motet_inference.tiny.text.chat import Chat

SCORES = Path(__file__).parent / "scores.json"
_ROOM = 40
_SIZE = 50


@dataclass(frozen=True)
class Score:
    """How many of `items` the base and the task's adapter got right; None where there is none."""

    items: int
    base: int
    adapter: int | None


class Speaker:
    """A model with its tokenizer that answers conversations greedily, many at once."""

    def __init__(self, base: Path, adapter: Path | None, device: str) -> None:
        self.tokenizer: Any = AutoTokenizer.from_pretrained(base)
        model: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
        if adapter is not None:
            model = PeftModel.from_pretrained(model, adapter)
        self.model = model.to(device).eval()
        self.device = device

    def answers(self, items: list[Chat]) -> list[str]:
        """The answers to the items' prompts, each given room for the right one and some more."""
        texts: list[str] = []
        for first in range(0, len(items), _SIZE):
            part = items[first : first + _SIZE]
            most = max(len(self.tokenizer(item.answer).input_ids) for item in part) + _ROOM
            inputs = self.tokenizer.apply_chat_template(
                [item.prompt() for item in part],
                add_generation_prompt=True, padding=True, return_tensors="pt", return_dict=True,
            ).to(self.device)  # fmt: skip
            with torch.inference_mode():
                output = self.model.generate(**inputs, do_sample=False, max_new_tokens=most)
            new = output[:, inputs["input_ids"].shape[1] :]
            texts += self.tokenizer.batch_decode(new, skip_special_tokens=True)
        return texts


def score(
    count: int = EVALUATION_ITEMS,
    *,
    base: Path = BASE,
    adapters: dict[str, Path] = ADAPTERS,
    device: str = "cpu",
    show: bool = False,
) -> dict[str, Score]:
    """Scores by task over its first `count` held-out items; `show` prints what was wrong."""
    plain = Speaker(base, None, device)
    own = PLAIN.held_out(count)
    scores = {PLAIN.name: Score(count, _count(plain, PLAIN, own, show), None)}
    for name, task in TASKS.items():
        items = task.held_out(count)
        tuned = Speaker(base, adapters[name], device)
        scores[name] = Score(
            count, _count(plain, task, items, False), _count(tuned, task, items, show)
        )
    return scores


def _count(speaker: Speaker, task: Task, items: list[Chat], show: bool) -> int:
    answers = speaker.answers(items)
    marks = [task.correct(item, text) for item, text in zip(items, answers, strict=True)]
    for item, text, mark in zip(items, answers, marks, strict=True):
        if show and not mark:
            print(f"{task.name}: {item.question!r}\n  wanted {item.answer!r}\n  wrote  {text!r}")
    return sum(marks)


def table(scores: dict[str, Score]) -> str:
    """The scores as the README shows them."""
    lines = ["| task | items | base | adapter |", "| --- | ---: | ---: | ---: |"]
    for name, s in scores.items():
        tuned = "" if s.adapter is None else f"{s.adapter / s.items:.1%}"
        lines.append(f"| {name} | {s.items} | {s.base / s.items:.1%} | {tuned} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m motet_inference.tiny.evaluate")
    parser.add_argument("--items", type=int, default=EVALUATION_ITEMS, help="items per task")
    parser.add_argument("--base", type=Path, default=BASE)
    parser.add_argument("--adapters", type=Path, help="folder that holds a folder per adapter")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--out", type=Path, default=SCORES)
    parser.add_argument("--show", action="store_true", help="print every wrong answer")
    args = parser.parse_args()
    folders = {n: args.adapters / n for n in TASKS} if args.adapters else ADAPTERS
    scores = score(args.items, base=args.base, adapters=folders, device=args.device, show=args.show)
    args.out.write_text(json.dumps({n: asdict(s) for n, s in scores.items()}, indent=2) + "\n")
    print(table(scores))


if __name__ == "__main__":
    main()
