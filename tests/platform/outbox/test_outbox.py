"""Work happens if its transaction commits, at least once, and is put off when it fails."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from motet_platform.outbox import registry, services
from motet_platform.outbox.jobs import Jobs
from motet_platform.outbox.models import Task
from motet_platform.outbox.poller import Poller
from motet_platform.outbox.registry import INSIDE, OUTSIDE, TENANTS
from motet_platform.outbox.runner import task_run, tasks_run_due
from motet_platform.outbox.services import (
    Claim,
    task_add,
    task_begin,
    task_done,
    task_failed,
    tasks_claim,
    tasks_forget,
    tasks_keep,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the handler of kind `test` was called with; a payload with `fail` raises."""
    calls: list[dict[str, Any]] = []

    def handler(payload: dict[str, Any]) -> None:
        calls.append(payload)
        if "fail" in payload:
            raise RuntimeError(payload["fail"] + "\0")

    monkeypatch.setitem(registry.handlers, "test", handler)
    return calls


def expire_leases() -> None:
    Task.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def test_it_works(seen: list[Any]) -> None:
    task_add(kind="test", payload={"n": 1})
    assert tasks_run_due() == 1
    assert seen == [{"n": 1}]
    assert Task.objects.get().done_at is not None
    assert tasks_run_due() == 0


def test_nothing_happens_when_the_transaction_is_rolled_back(seen: list[Any]) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        task_add(kind="test", payload={})
        raise ZeroDivisionError
    assert tasks_run_due() == 0


def test_delay(seen: list[Any]) -> None:
    task_add(kind="test", payload={}, delay=timedelta(minutes=1))
    assert tasks_run_due() == 0


def test_a_failure_is_noted_and_put_off(seen: list[Any]) -> None:
    task_add(kind="test", payload={"fail": "nospace"})
    tasks_run_due()
    task = Task.objects.get()
    assert "RuntimeError: nospace" in task.last_error
    assert task.done_at is None and task.failed_at is None
    assert task.available_at > timezone.now()
    assert tasks_run_due() == 0


def test_each_failure_waits_longer_and_the_last_is_for_good(seen: list[Any]) -> None:
    task_add(kind="test", payload={"fail": "always"})
    waits = []
    for _ in range(services.MAX_ATTEMPTS):
        Task.objects.update(available_at=timezone.now())
        before = timezone.now()
        assert tasks_run_due() == 1
        waits.append((Task.objects.get().available_at - before).total_seconds())
    assert waits[:-1] == sorted(waits[:-1])
    assert Task.objects.get().failed_at is not None
    Task.objects.update(available_at=timezone.now())
    assert tasks_run_due() == 0
    assert len(seen) == services.MAX_ATTEMPTS


def test_what_is_claimed_is_nobody_elses(seen: list[Any]) -> None:
    task_add(kind="test", payload={})
    assert len(tasks_claim()) == 1
    assert tasks_claim() == []


def test_lost_work_comes_back_and_the_late_one_has_no_say(seen: list[Any]) -> None:
    task_add(kind="test", payload={})
    (lost,) = tasks_claim()
    expire_leases()
    (again,) = tasks_claim()
    assert again == Claim(lost.task_id, lost.attempt + 1)
    task_run(lost)  # a message that was only late
    assert seen == []
    assert not task_done(lost)
    task_run(again)
    task_run(again)  # the same message twice
    assert len(seen) == 1


def test_a_lease_begins_anew_with_the_work(seen: list[Any]) -> None:
    task_add(kind="test", payload={})
    (claim,) = tasks_claim()
    expire_leases()
    assert task_begin(claim) is not None
    assert tasks_claim() == []


def test_a_lease_is_kept_and_one_that_ended_is_not(seen: list[Any]) -> None:
    task_add(kind="test", payload={"fail": "x"})
    (claim,) = tasks_claim()
    expire_leases()
    tasks_keep([claim])
    assert tasks_claim() == []
    task_failed(claim, "x")
    tasks_keep([claim])
    assert Task.objects.get().lease_until is None
    Task.objects.update(available_at=timezone.now())
    (again,) = tasks_claim()
    expire_leases()
    tasks_keep([claim])
    assert tasks_claim() == [Claim(again.task_id, again.attempt + 1)]


def test_no_more_is_claimed_than_there_is_room(seen: list[Any]) -> None:
    for n in range(5):
        task_add(kind="test", payload={"n": n})
    assert len(tasks_claim(room=3)) == 3
    assert tasks_claim(room=3) == []
    assert len(tasks_claim(room=4)) == 1


def test_done_work_is_forgotten_after_a_while(seen: list[Any]) -> None:
    for n in range(2):
        task_add(kind="test", payload={"n": n})
    task_add(kind="test", payload={"fail": "x"})
    tasks_run_due()
    Task.objects.filter(payload={"n": 0}).update(done_at=timezone.now() - timedelta(days=8))
    assert tasks_forget(age=timedelta(days=7)) == 1
    assert Task.objects.count() == 2


@pytest.mark.parametrize("slow", [OUTSIDE, TENANTS])
def test_what_waits_for_the_outside_leaves_threads_to_all_else(
    seen: list[Any], monkeypatch: pytest.MonkeyPatch, slow: registry.Lane
) -> None:
    monkeypatch.setitem(registry.handlers, "slow", lambda payload: None)
    monkeypatch.setitem(registry.lanes, "slow", slow)
    for kind in ["slow"] * 20 + ["test"] * 20:
        task_add(kind=kind, payload={})
    claims = tasks_claim()
    kinds = [Task.objects.get(pk=claim.task_id).kind for claim in claims]
    assert kinds.count("slow") == slow.threads
    assert kinds.count("test") == INSIDE.threads
    assert tasks_claim() == []
    task_done(claims[0])
    (more,) = tasks_claim()
    assert Task.objects.get(pk=more.task_id).kind == Task.objects.get(pk=claims[0].task_id).kind


def test_every_kind_that_calls_the_outside_says_so() -> None:
    """Mails, Stripe and webhooks; another kind is one that waits for this platform alone."""
    from motet_platform.tasks import messages as messages  # as the tasks process registers them

    assert registry.lanes == {
        "alert_mail": OUTSIDE,
        "team.invite": OUTSIDE,
        "stripe.event": OUTSIDE,
        "stripe.autotopup_stopped": OUTSIDE,
        "alert_webhook": TENANTS,
    }
    assert registry.lanes.keys() <= registry.handlers.keys()


@pytest.fixture
def dsn(transactional_db: None) -> str:
    from psycopg.conninfo import make_conninfo

    words = connection.get_connection_params()
    known = ("dbname", "user", "password", "host", "port")
    return make_conninfo(**{k: words[k] for k in known if words.get(k)})


@pytest.fixture
def poller(dsn: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Claim]]:
    """A running poller, as what it has sent on."""
    sent: list[Claim] = []
    monkeypatch.setattr("motet_platform.outbox.jobs.periodic_jobs", {})
    thread = Poller(dsn=dsn, send_task=sent.append, jobs=Jobs())
    thread.start()
    yield sent
    thread.stop()
    assert not thread.is_alive()


def wait_for(sent: list[Claim], count: int) -> None:
    for _ in range(200):
        if len(sent) >= count:
            return
        threading.Event().wait(0.05)
    pytest.fail(f"{len(sent)} of {count} tasks were sent on")


def test_the_poller_sends_on_what_is_committed(poller: list[Claim], seen: list[Any]) -> None:
    for n in range(3):
        task_add(kind="test", payload={"n": n})
    wait_for(poller, 3)
    assert len(set(poller)) == 3


def test_the_poller_survives_the_loss_of_its_connections(
    poller: list[Claim], seen: list[Any]
) -> None:
    task_add(kind="test", payload={})
    wait_for(poller, 1)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    task_add(kind="test", payload={})
    wait_for(poller, 2)


def test_the_poller_survives_a_broker_that_is_away(
    dsn: str, seen: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("motet_platform.outbox.jobs.periodic_jobs", {})
    sent: list[Claim] = []
    refused: list[Claim] = []

    def send(claim: Claim) -> None:
        if len(refused) < 2:
            refused.append(claim)
            raise ConnectionError("no broker")
        sent.append(claim)

    thread = Poller(dsn=dsn, send_task=send, jobs=Jobs())
    thread.start()
    try:
        for n in range(3):
            task_add(kind="test", payload={"n": n})
        wait_for(sent, 3)
    finally:
        thread.stop()
    assert {claim.attempt for claim in sent} == {1}


def test_two_pollers_share(
    poller: list[Claim], dsn: str, seen: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each does what it is sent, and with the room that this makes comes more."""
    other: list[Claim] = []

    def done(claim: Claim) -> None:
        other.append(claim)
        task_run(claim)

    second = Poller(dsn=dsn, send_task=done, jobs=Jobs())
    second.start()
    try:
        for n in range(20):
            task_add(kind="test", payload={"n": n})
        for _ in range(600):
            for claim in list(poller):
                task_run(claim)
            if len(seen) >= 20:
                break
            threading.Event().wait(0.05)
    finally:
        second.stop()
    assert len({claim.task_id for claim in [*poller, *other]}) == 20
    assert len(poller) + len(other) == 20
    assert len(seen) == 20


def test_what_takes_longer_than_its_lease_is_not_begun_again(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("motet_platform.outbox.jobs.periodic_jobs", {})
    monkeypatch.setattr("motet_platform.outbox.poller.KEEP_S", 0.1)
    monkeypatch.setattr(services, "LEASE", timedelta(seconds=1))
    begun: list[Any] = []
    answer, ended = threading.Event(), threading.Event()

    def slow(payload: dict[str, Any]) -> None:
        begun.append(payload)
        answer.wait(30)

    def run(claim: Claim) -> None:
        task_run(claim)
        connection.close()
        ended.set()

    monkeypatch.setitem(registry.handlers, "slow", slow)
    thread = Poller(
        dsn=dsn,
        send_task=lambda claim: threading.Thread(target=run, args=[claim]).start(),
        jobs=Jobs(),
    )
    thread.start()
    try:
        task_add(kind="slow", payload={})
        threading.Event().wait(4)
    finally:
        answer.set()
        assert ended.wait(30)
        thread.stop()
    assert len(begun) == 1
    task = Task.objects.get()
    assert task.attempts == 1 and task.done_at is not None


def test_a_task_that_ends_makes_room_at_once(
    dsn: str, seen: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The poller is woken by it: polling alone would take a second for each lane full."""
    monkeypatch.setattr("motet_platform.outbox.jobs.periodic_jobs", {})
    monkeypatch.setattr("motet_platform.outbox.poller.POLL_S", 10)
    ran: list[Claim] = []
    enough = threading.Event()

    def send(claim: Claim) -> None:
        task_run(claim)
        ran.append(claim)
        if len(ran) == 5 * INSIDE.threads:
            enough.set()

    thread = Poller(dsn=dsn, send_task=send, jobs=Jobs())
    with transaction.atomic():
        for n in range(5 * INSIDE.threads):
            task_add(kind="test", payload={"n": n})
    thread.start()
    try:
        assert enough.wait(30)
    finally:
        thread.stop()
