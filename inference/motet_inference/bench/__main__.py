"""`motet bench SUITE.json`: its cases through the engine, beside what the device allows."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from motet_inference.bench.cases import Case
from motet_inference.bench.clock import Deadline
from motet_inference.bench.plot import PlotError, check_plot, draw
from motet_inference.bench.report import device_name, line, tables, write
from motet_inference.bench.session import Session
from motet_inference.bench.suite import SuiteError, load_suite
from motet_inference.server.core import SWITCH_S

_LOG_WIDTH = 200


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0, or 1 when the suite or one of its cases could not be run."""
    options = _options(arguments)
    sys.setswitchinterval(SWITCH_S)  # as in a worker
    deadline = Deadline(options.seconds)
    console = Console()
    if not console.is_terminal:
        console.width = _LOG_WIDTH
    try:
        suite = load_suite(options.suite)
        cases = [case for case in suite.cases if options.only in case.title]
        if not cases:
            raise SuiteError(f"no case's title contains {options.only!r}")
        if options.plot:
            check_plot(options.plot)
        session = Session(suite, cases, deadline=deadline, folder=options.folder)
    except (SuiteError, PlotError, RuntimeError) as error:
        Console(stderr=True).print(f"motet: {error}", markup=False)
        return 1
    with _progress(console) as progress:
        bar = progress.add_task("", total=len(session.cases))

        def before(case: Case) -> None:
            progress.update(bar, description=case.title)

        def after(case: Case) -> None:
            progress.advance(bar)
            _tell(console, session, case)
            if options.json:
                write(options.json, suite, session.results, session.left_out, speeds=session.speeds)

        session.run(before, after)
    device = torch.device(suite.device)
    title = (
        f"{device_name(device)}, {suite.dtype}, torch {torch.__version__}, reads "
        f"{session.speeds.read / 1e9:,.0f} GB/s, {session.speeds.compute / 1e12:,.3g} TFLOP/s"
    )
    for table in tables(suite, session.results, title=title):
        console.print(table)
    if options.plot:
        draw(options.plot, session.results, title=title)
    return int(session.failed)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="motet bench", description=__doc__)
    parser.add_argument("suite", type=Path, help="cases, as in tests/bench/cases/")
    parser.add_argument("--json", type=Path, help="where to write all figures, after each case")
    parser.add_argument("--plot", type=Path, help="where to draw batches: a file .svg or .png")
    parser.add_argument(
        "--seconds", type=float, help="leave out the cases that do not fit into so much time"
    )
    parser.add_argument("--only", default="", help="cases whose title contains this")
    parser.add_argument("--folder", type=Path, help="of a disk, for adapters' files")
    return parser.parse_args(arguments)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _tell(console: Console, session: Session, case: Case) -> None:
    if session.left_out and session.left_out[-1].case is case:
        console.print(f"{case.title}: {session.left_out[-1].why}", style="red", markup=False)
    else:
        console.print(f"{case.title}: {line(session.results[-1])}", markup=False)


if __name__ == "__main__":
    sys.exit(main())
