"""A suite: cases and the targets they are held against, read from JSON."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Raw

from motet_inference.bench.cases import KINDS, Case, Count
from motet_inference.bench.results import RESULTS


class SuiteError(Exception):
    """The file cannot be used; the message says where and why."""


class Target(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One figure of a case, or its ratio to the same figure of another, and what it is to be.

    `given` names a row that has to be met as well; `others` says what is known of other engines.
    """

    row: str
    case: str
    figure: str
    over: str = ""
    at_most: float | None = None
    at_least: float | None = None
    given: str = ""
    others: str = ""


class Suite(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Cases on one model. `model` is a folder, from the suite's own place if it is not absolute;
    with random weights it needs no more than its config.json.
    """

    model: str
    cases: Annotated[tuple[Case, ...], Meta(min_length=1)]
    targets: tuple[Target, ...] = ()
    weights: Literal["file", "random"] = "file"
    dtype: Literal["float32", "bfloat16", "float16"] = "bfloat16"
    quantization: Literal["none", "fp8"] = "none"
    device: str = "cuda"
    repeat: Count = 3
    token_budget: Count = 2048
    block_size: Count = 16


class _Kind(msgspec.Struct):
    kind: str = "batch"


def load_suite(path: Path) -> Suite:
    """Raises SuiteError."""
    try:
        suite = _decode(path.read_bytes())
        for target in suite.targets:
            _check(target, suite)
    except OSError as error:
        raise SuiteError(f"{path}: {error.strerror}") from None
    except (msgspec.DecodeError, SuiteError) as error:
        raise SuiteError(f"{path}: {error}") from None
    folder = (path.parent / suite.model).resolve()
    if not (folder / "config.json").is_file():
        raise SuiteError(f"{path}: model: there is no config.json in {folder}")
    return msgspec.structs.replace(suite, model=str(folder))


def _decode(content: bytes) -> Suite:
    """Cases by their kinds first: msgspec's own unions have no kind for those that name none."""
    fields = msgspec.json.decode(content, type=dict[str, Raw])
    cases = []
    for i, raw in enumerate(msgspec.json.decode(fields.get("cases", Raw(b"[]")), type=list[Raw])):
        kind = msgspec.json.decode(raw, type=_Kind).kind
        if kind not in KINDS:
            raise SuiteError(f"cases[{i}].kind: {kind} is none of {', '.join(KINDS)}")
        try:
            cases.append(msgspec.json.decode(raw, type=KINDS[kind]))
        except msgspec.ValidationError as error:
            raise SuiteError(f"cases[{i}]: {error}") from None
    if not cases:
        raise SuiteError("cases: there are none")
    # The rest is checked with a case that stands for all.
    fields["cases"] = Raw(msgspec.json.encode([{"kind": "batch", "requests": 1}]))
    suite = msgspec.json.decode(msgspec.json.encode(fields), type=Suite)
    return msgspec.structs.replace(suite, cases=tuple(cases))


def _check(target: Target, suite: Suite) -> None:
    where = f"target {target.row!r}"
    if (target.at_most is None) == (target.at_least is None):
        raise SuiteError(f"{where}: give at_most or at_least")
    if target.given and target.given not in {t.row for t in suite.targets}:
        raise SuiteError(f"{where}: given: there is no row {target.given!r}")
    titles = Counter(case.title for case in suite.cases)
    for name in (target.case, target.over):
        if name and titles[name] != 1:
            raise SuiteError(f"{where}: {titles[name]} cases are called {name!r}")
        figures = {figure for c in suite.cases if c.title == name for figure in _figures(c)}
        if name and target.figure not in figures:
            raise SuiteError(f"{where}: {name!r} has no figure {target.figure!r}")


def _figures(case: Case) -> set[str]:
    return set(RESULTS[type(case)].__struct_fields__) - {"case"}
