"""`motet bench SUITE.json [--json RESULTS.json]`"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec
import torch
from rich.console import Console

from motet_inference.bench.floor import read_bandwidth, step_bytes
from motet_inference.bench.measure import Result, run_case, summarise
from motet_inference.bench.report import device_name, table, write
from motet_inference.bench.rig import build_engine, build_model
from motet_inference.bench.suite import Case, Suite, SuiteError, load_suite
from motet_inference.models.errors import ModelError
from motet_inference.models.llama import CausalLM

WARM_UP_TOKENS = 8


def measure(model: CausalLM, suite: Suite, case: Case, *, bandwidth: float) -> Result:
    """A short run that is not counted, then the suite's number of runs."""
    engine = build_engine(model, suite, case)
    warm_up = msgspec.structs.replace(case, output_tokens=min(WARM_UP_TOKENS, case.output_tokens))
    run_case(engine, warm_up, seed=-1)
    runs = [run_case(engine, case, seed=seed) for seed in range(suite.repeat)]
    return summarise(case, runs, floor_ms=1e3 * step_bytes(model, case) / bandwidth)


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0, or 1 when the suite or one of its cases could not be run."""
    parser = argparse.ArgumentParser(prog="motet bench", description=__doc__)
    parser.add_argument("suite", type=Path, help="cases, as in tests/bench/cases/")
    parser.add_argument("--json", type=Path, help="where to write all figures")
    options = parser.parse_args(arguments)
    console = Console()
    try:
        suite = load_suite(options.suite)
        model = build_model(suite)
    except (SuiteError, ModelError, RuntimeError) as error:
        Console(stderr=True).print(f"motet: {error}", markup=False)
        return 1
    bandwidth = read_bandwidth(model.device)
    title = (
        f"{device_name(model.device)}, {suite.dtype}, torch {torch.__version__}, "
        f"reads {bandwidth / 1e9:,.0f} GB/s"
    )
    results, failed = [], False
    for case in suite.cases:
        with console.status(case.title):
            try:
                results.append(measure(model, suite, case, bandwidth=bandwidth))
            except (RuntimeError, ValueError) as error:  # the other cases are worth having
                failed = True
                console.print(f"{case.title}: {error}", style="red", markup=False)
        if options.json:
            write(options.json, suite, results, bandwidth=bandwidth)
    console.print(table(results, title=title))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
