"""What the host pays for a step before it can launch: python -m tests.bench.host

The engine's thread lays out a step's rows, tables and sampling options while the device waits for
them (or, of a decode step that runs ahead, beside the one under way). All runs on the CPU, one
thread, and no model: the figures are the best of several rounds.
"""

import random
import time
from array import array
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import torch
from motet_inference.engine.batch import Batch
from motet_inference.engine.decode import Inputs
from motet_inference.engine.request import Choice, Request
from motet_inference.engine.rows import Row
from motet_inference.engine.sampling import SamplingBatch
from motet_inference.engine.testing import add

BLOCK = 16
VOCABULARY = 128_256
SLOTS = 64
ROUNDS = 10


def best_ms(run: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return 1e3 * min(times)


def table(context: int) -> "array[int]":
    return array("i", range(context // BLOCK + 1))


def mixed(*rows: tuple[int, int, int]) -> Callable[[], Batch]:
    """(how many, their new tokens, the context before them), each row on an adapter of its own."""
    laid = [
        Row(
            tokens=list(range(new)),
            start=context,
            blocks=table(context + new).tobytes(),
            slot=number % SLOTS,
            samples=True,
        )
        for count, new, context in rows
        for number in range(count)
    ]
    weights: Any = SimpleNamespace(
        ranks_host=[16] * SLOTS, ranks=torch.full((SLOTS,), 16, dtype=torch.int32)
    )
    return lambda: Batch.build(
        laid, block_size=BLOCK, lora_weights=weights, device=torch.device("cpu")
    )


def decode(count: int, context: int) -> Callable[[], None]:
    blocks = table(context)
    inputs = Inputs(
        count, blocks=len(blocks), block_size=BLOCK, ranks=[16] * SLOTS, device=torch.device("cpu")
    )
    chunks: list[Any] = [
        SimpleNamespace(
            start=context - 1,
            choice=SimpleNamespace(
                blocks=blocks, tokens=[1] * context, request=SimpleNamespace(slot=n % SLOTS)
            ),
        )
        for n in range(count)
    ]
    return lambda: inputs.fill(chunks, None)


def penalised(prompt: int, output: int, n: int) -> Callable[[], SamplingBatch]:
    draw = random.Random(0)
    options = {"repetition_penalty": 1.1, "presence_penalty": 0.5, "temperature": 0.7}
    tokens = [draw.randrange(VOCABULARY) for _ in range(prompt)]
    request = Request(
        add("r", tokens, n=n, options=options), arrival=0, revision="", max_context=1 << 18
    )
    choices: list[Choice] = request.choices
    for choice in choices:
        choice.tokens += [draw.randrange(VOCABULARY) for _ in range(output)]
    return lambda: SamplingBatch.build(choices, vocab_size=VOCABULARY, device="cpu")


CASES: dict[str, Callable[[], object]] = {
    "prefill of one prompt of 8,192": mixed((1, 8192, 0)),
    "prefill of 16 prompts of 512": mixed((16, 512, 0)),
    "prefill of 449 beside 63 rows of 500": mixed((63, 1, 500), (1, 449, 0)),
    "the same, and a row of 100,000": mixed((62, 1, 500), (1, 1, 100_000), (1, 449, 0)),
    "prefill of 449 beside 63 rows of 100,000": mixed((63, 1, 100_000), (1, 449, 0)),
    "decode, 64 rows of 1,000": decode(64, 1_000),
    "decode, 64 rows of 100,000": decode(64, 100_000),
    "penalties, one row of 500 and 100": penalised(500, 100, 1),
    "penalties, one row of 100,000 and 500": penalised(100_000, 500, 1),
    "penalties, 16 rows of 100,000 and 500": penalised(100_000, 500, 16),
}


def main() -> None:
    torch.set_num_threads(1)
    print("| what is laid out | ms |\n|---|---|")
    for name, run in CASES.items():
        print(f"| {name} | {best_ms(run):.2f} |")


if __name__ == "__main__":
    main()
