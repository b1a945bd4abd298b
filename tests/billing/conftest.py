"""A bank with real tables, and writers against it. Amounts in tests are picodollars."""

import asyncio
import importlib.util
import itertools
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import make_conninfo

# Django is set up only after this file was loaded: what needs its models is imported by fixtures.

_numbers = itertools.count(1)

Writers = Callable[..., AbstractAsyncContextManager[Any]]


@pytest.fixture
def bank(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A `Bank` (bank.py) whose books must be right at the end, whatever the test did."""
    from motet_billing.selectors import audit
    from motet_billing.services import price_set

    spec = importlib.util.spec_from_file_location("bank", Path(__file__).with_name("bank.py"))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    # Tests look into the tables in the middle of a scenario, on the loop's own thread.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    yield module.Bank(price_set(sku="motet-tiny", input=1, cached_input=1, output=1))
    assert audit() == []


@pytest.fixture
def dsn(transactional_db: None) -> str:
    """The test database's address, for connections beside Django's."""
    from django.db import connection

    settings = connection.settings_dict
    return make_conninfo(
        dbname=settings["NAME"],
        user=settings["USER"] or None,
        password=settings["PASSWORD"] or None,
        host=settings["HOST"] or None,
        port=settings["PORT"] or None,
    )


@pytest.fixture
def writers(dsn: str) -> Writers:
    """Makes started writers that are closed at the end of their block."""
    from motet_billing.writer import LedgerWriter
    from motet_platform.metering.sink import usage_insert

    @asynccontextmanager
    async def make(**options: Any) -> AsyncIterator[Any]:
        patient = {"hold_timeout_s": 30, "settle_wait_s": 30}  # a busy machine is no failure
        ours = {"owner": f"gw-{next(_numbers)}", "usage_insert": usage_insert}
        options = ours | patient | options
        writer = LedgerWriter(options.pop("dsn", dsn), **options)
        await writer.start()
        try:
            yield writer
        finally:
            await writer.close()

    return make


@pytest.fixture
def run() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Runs a scenario to its end; a scenario that hangs fails."""
    from django.db import connections

    async def bounded(scenario: Coroutine[Any, Any, Any]) -> Any:
        try:
            async with asyncio.timeout(60):
                return await scenario
        finally:
            connections.close_all()  # a coroutine has connections of its own

    return lambda scenario: asyncio.run(bounded(scenario))
