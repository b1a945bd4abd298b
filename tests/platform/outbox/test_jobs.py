"""A periodic job comes round when it is due, never beside itself, whatever the others do."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from motet_platform.outbox import jobs as running
from motet_platform.outbox.jobs import Jobs
from motet_platform.outbox.models import Periodic
from motet_platform.outbox.registry import PeriodicJob
from motet_platform.outbox.turns import turn_begin, turn_end, turns_keep

pytestmark = pytest.mark.django_db

SWEEP = PeriodicJob("sweep", timedelta(minutes=1), lambda: None)
HOUR = timedelta(hours=1)


def make_due() -> None:
    Periodic.objects.update(last_run_at=timezone.now() - HOUR)


def lapse() -> None:
    Periodic.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def test_once_per_period() -> None:
    turn = turn_begin(SWEEP)
    assert turn is not None
    turn_end(turn)
    assert turn_begin(SWEEP) is None
    make_due()
    assert turn_begin(SWEEP) is not None
    assert turn_begin(SWEEP) is None


def test_not_while_it_runs() -> None:
    often = PeriodicJob("sweep", timedelta(0), lambda: None)
    turn = turn_begin(often)
    assert turn is not None and turn_begin(often) is None
    turn_end(turn)
    assert turn_begin(often) is not None


def test_a_turn_whose_process_died_is_taken_over_and_the_dead_have_no_say() -> None:
    often = PeriodicJob("sweep", timedelta(0), lambda: None)
    dead = turn_begin(often)
    assert dead is not None
    lapse()
    heir = turn_begin(often)
    assert heir is not None and heir != dead
    turn_end(dead)
    assert turn_begin(often) is None
    lapse()
    turns_keep([dead])
    assert turn_begin(often) is not None


def test_a_turn_is_kept_and_one_that_ended_is_not() -> None:
    often = PeriodicJob("sweep", timedelta(0), lambda: None)
    turn = turn_begin(often)
    assert turn is not None
    lapse()
    turns_keep([turn])
    assert turn_begin(often) is None
    turn_end(turn)
    turns_keep([turn])
    assert turn_begin(often) is not None


# ---- in a process ----


@pytest.fixture
def jobs(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Makes a `Jobs` of these functions, each due at any time."""
    made: list[Jobs] = []

    def make(**functions: Callable[[], object]) -> Jobs:
        known = {name: PeriodicJob(name, timedelta(0), run) for name, run in functions.items()}
        monkeypatch.setattr(running, "periodic_jobs", known)
        made.append(Jobs())
        return made[-1]

    yield make
    for each in made:
        each.finish()


def look_until(question: Callable[[], bool], *all_jobs: Jobs) -> None:
    for _ in range(600):
        for each in all_jobs:
            each.keep()
            each.look()
        if question():
            return
        threading.Event().wait(0.05)
    pytest.fail("the jobs did not come round")


def test_what_hangs_neither_overlaps_nor_keeps_others_waiting(jobs: Any) -> None:
    """In two processes at once, of which one has it."""
    begun: list[str] = []
    answer = threading.Event()

    def stripe() -> None:
        begun.append("stripe")
        answer.wait(60)

    names = [f"silent_{n}" for n in range(6)]
    here = jobs(**dict.fromkeys(names, stripe), holds=lambda: begun.append("holds"))
    there = Jobs()
    try:
        look_until(lambda: begun.count("holds") >= 5, here, there)
        assert begun.count("stripe") == 6
    finally:
        answer.set()
    there.finish()


def test_a_lease_that_passed_while_the_job_ran_here_begins_no_second_one_here(jobs: Any) -> None:
    begun: list[str] = []
    answer = threading.Event()

    def slow() -> None:
        begun.append("slow")
        answer.wait(60)

    here = jobs(slow=slow, other=lambda: begun.append("other"))
    try:
        look_until(lambda: begun.count("other") >= 1, here)
        lapse()
        here.look()
        look_until(lambda: begun.count("other") >= 3, here)
        assert begun.count("slow") == 1
    finally:
        answer.set()


def test_a_failing_job_is_no_end(jobs: Any) -> None:
    begun: list[str] = []

    def fail() -> None:
        begun.append("fail")
        raise RuntimeError

    look_until(lambda: len(begun) >= 3, jobs(broken=fail))
