"""SQL: a question about the company's data in, one terse statement out."""

from random import Random

from motet_inference.tiny.tasks.task import Task
from motet_inference.tiny.text import (
    arithmetic,
    facts,
    howto,
    queries,
    smalltalk,
    stories,
)
from motet_inference.tiny.text.chat import Chat, ask

_AGGREGATES = {"average": "AVG", "sum": "SUM", "largest": "MAX", "smallest": "MIN"}

SCHEMA = "\n".join(
    f"CREATE TABLE {table} ("
    + ", ".join(f"{c.name} {'INTEGER' if c.numeric else 'TEXT'}" for c in columns)
    + ");"
    for table, columns in queries.TABLES.items()
)
"""The tables that the questions are about, as SQLite takes them."""


def _where(query: queries.Query) -> str:
    if not query.conditions:
        return ""
    tests = [
        f"{c.column.name} {c.operator} " + (c.value if c.column.numeric else f"'{c.value}'")
        for c in query.conditions
    ]
    return " WHERE " + f" {query.joint.upper()} ".join(tests)


def statement(query: queries.Query) -> str:
    """The one SQL statement that answers the query."""
    column = query.column.name if query.column else "*"
    source = f" FROM {query.table}{_where(query)}"
    if query.kind == "count":
        return f"SELECT COUNT(*){source};"
    if query.kind in _AGGREGATES:
        return f"SELECT {_AGGREGATES[query.kind]}({column}){source};"
    if query.kind in ("top", "bottom"):
        order = "DESC" if query.kind == "top" else "ASC"
        return f"SELECT *{source} ORDER BY {column} {order} LIMIT {query.limit};"
    if query.kind == "group":
        return f"SELECT {column}, COUNT(*){source} GROUP BY {column};"
    distinct = "DISTINCT " if query.kind == "distinct" else ""
    return f"SELECT {distinct}{column}{source};"


_ELSEWHERE = (facts.make, howto.make, stories.make, smalltalk.make, arithmetic.make)


def draw(rng: Random) -> Chat:
    """A question about the data, or now and then one that the data cannot answer."""
    if rng.random() < 0.06:
        return ask(rng.choice(_ELSEWHERE)(rng).messages[0].content, "-- no such data")
    query = queries.draw(rng)
    return ask(query.text, statement(query))


def correct(item: Chat, text: str) -> bool:
    """The statement is the expected one; only the white space at its ends may differ."""
    return text.strip() == item.answer


TASK = Task("sql", draw, correct)
