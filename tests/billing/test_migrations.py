"""Migrations beside a running platform: a capture never waits for one that takes its time."""

import threading

import psycopg
import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.core.management import call_command
from django.db import connections, migrations
from django.db.migrations.loader import MigrationLoader

# What every request writes, and what grows with every request.
BUSY = {
    "billing": {"wallet", "hold", "lot", "journal", "entry", "cap"},
    "metering": {"usagerecord", "usagehour"},
}
# Sums all records there are, so it cannot but keep them still.
STANDS_STILL = {("metering", "0002_hours")}


@pytest.fixture
def before_the_index(transactional_db):
    call_command("migrate", "billing", "0004", verbosity=0)
    yield
    call_command("migrate", "billing", verbosity=0)


def begin(run):
    def here():
        try:
            run()
        finally:
            connections.close_all()

    thread = threading.Thread(target=here)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
def test_captures_go_on_while_an_index_is_built(before_the_index, dsn):
    with psycopg.connect(dsn) as capture, psycopg.connect(dsn, autocommit=True) as looking:
        capture.execute("LOCK TABLE billing_journal IN ROW EXCLUSIVE MODE")  # as an INSERT does
        migrating = begin(lambda: call_command("migrate", "billing", verbosity=0))
        waits = (
            "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
            "AND datname = current_database() AND query LIKE '%INDEX%journal_moved%'"
        )
        for _ in range(300):
            if looking.execute(waits).rowcount:
                break
            threading.Event().wait(0.1)
        else:
            pytest.fail("the index is not being built")
        try:
            with psycopg.connect(dsn, options="-c lock_timeout=10s") as another:
                another.execute("LOCK TABLE billing_journal IN ROW EXCLUSIVE MODE")
        finally:
            capture.rollback()
            migrating.join(60)
    assert not migrating.is_alive()


@pytest.mark.django_db(transaction=True)
def test_an_index_whose_build_was_interrupted_is_built_again(before_the_index, dsn):
    with psycopg.connect(dsn, autocommit=True) as operator:
        operator.execute("CREATE INDEX journal_moved ON billing_journal (id)")
        call_command("migrate", "billing", verbosity=0)
        found = operator.execute(
            "SELECT indexdef FROM pg_indexes WHERE indexname = 'journal_moved'"
        ).fetchall()
    assert len(found) == 1 and "wallet_id, created_at" in found[0][0]


def test_every_index_of_a_busy_table_is_built_beside_its_writers():
    disk = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    plain = set()
    for (app, name), migration in disk.items():
        made = {
            operation.name_lower
            for operation in migration.operations
            if isinstance(operation, migrations.CreateModel)
        }
        for operation in migration.operations:
            if (
                isinstance(operation, migrations.AddIndex)
                and not isinstance(operation, AddIndexConcurrently)
                and operation.model_name_lower in BUSY.get(app, set()) - made
            ):
                plain.add((app, name))
    assert plain == STANDS_STILL
