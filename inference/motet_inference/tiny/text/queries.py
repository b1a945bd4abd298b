"""Questions about a small company's data: what is asked, in English, apart from any SQL."""

from dataclasses import dataclass
from random import Random
from typing import Literal

from motet_inference.tiny.text.chat import Chat, ask
from motet_inference.tiny.text.shop import PRODUCT_NAMES
from motet_inference.tiny.text.words import CITIES, NAMES


@dataclass(frozen=True)
class Column:
    name: str
    words: str
    values: tuple[str, ...] = ()
    """Text values; an empty tuple marks a column of integers in `span`."""
    span: tuple[int, int] = (0, 0)

    @property
    def numeric(self) -> bool:
        return not self.values


TABLES: dict[str, tuple[Column, ...]] = {
    "customers": (
        Column("name", "name", NAMES),
        Column("city", "city", CITIES),
        Column("plan", "plan", ("free", "basic", "team", "pro")),
        Column("age", "age", span=(18, 90)),
        Column("points", "points", span=(0, 5000)),
    ),
    "orders": (
        Column("customer", "customer", NAMES),
        Column("product", "product", PRODUCT_NAMES),
        Column("status", "status", ("open", "paid", "shipped", "returned", "cancelled")),
        Column("quantity", "quantity", span=(1, 40)),
        Column("total", "total", span=(5, 2000)),
    ),
    "products": (
        Column("name", "name", PRODUCT_NAMES),
        Column("category", "category", ("kitchen", "garden", "bedroom", "office", "travel")),
        Column("price", "price", span=(1, 300)),
        Column("stock", "stock", span=(0, 500)),
    ),
    "employees": (
        Column("name", "name", NAMES),
        Column("department", "department", ("sales", "support", "finance", "design", "logistics")),
        Column("city", "city", CITIES),
        Column("salary", "salary", span=(2000, 9000)),
        Column("age", "age", span=(18, 70)),
    ),
}

Operator = Literal["=", "!=", ">", "<"]
Kind = Literal[
    "list", "count", "average", "sum", "largest", "smallest", "top", "bottom", "group", "distinct"
]

_PHRASES: dict[tuple[Operator, bool], tuple[str, ...]] = {
    ("=", False): ("with {c} {v}", "whose {c} is {v}", "where the {c} is {v}"),
    ("!=", False): ("whose {c} is not {v}", "where the {c} is not {v}"),
    ("=", True): ("with {c} {v}", "whose {c} is {v}", "where the {c} is exactly {v}"),
    (">", True): ("with {c} over {v}", "whose {c} is above {v}", "with {c} more than {v}",
                  "where the {c} is greater than {v}"),
    ("<", True): ("with {c} under {v}", "whose {c} is below {v}", "with {c} less than {v}",
                  "where the {c} is smaller than {v}"),
}  # fmt: skip

_FORMS: dict[str, tuple[str, ...]] = {
    "list": ("Show the {c} of all {t}", "List the {c} of {t}", "Give me the {c} of all {t}",
        "What is the {c} of the {t}",
             "Which {c} do we have for {t}", "Find the {c} of every one of the {t}"),
    "count": ("How many {t} are there", "Count the {t}", "What is the number of {t}",
        "Tell me how many {t} we have"),
    "average": ("What is the average {c} of {t}", "Show the mean {c} of {t}",
        "Give me the average {c} for {t}"),
    "sum": ("What is the total sum of {c} over {t}", "Add up the {c} of {t}",
        "Sum the {c} for all {t}"),
    "largest": ("What is the highest {c} of {t}", "Find the largest {c} among {t}",
        "Show the maximum {c} of {t}"),
    "smallest": ("What is the lowest {c} of {t}", "Find the smallest {c} among {t}",
        "Show the minimum {c} of {t}"),
    "top": ("Show the {n} {t} with the highest {c}", "List the top {n} {t} by {c}",
        "Which {n} {t} have the most {c}"),
    "bottom": ("Show the {n} {t} with the lowest {c}", "List the bottom {n} {t} by {c}",
        "Which {n} {t} have the least {c}"),
    "group": ("How many {t} are there per {c}", "Count the {t} for each {c}",
        "Number of {t} by {c}"),
    "distinct": ("Which different {c} do {t} have", "List every distinct {c} of {t}",
        "Show the unique {c} values of {t}"),
}  # fmt: skip

_LEADS = ("", "", "", "Please: ", "For my report: ", "I would like to know: ", "Quick one: ",
    "For the meeting: ",
          "My boss asks: ", "From the data: ")  # fmt: skip


@dataclass(frozen=True)
class Condition:
    column: Column
    operator: Operator
    value: str


@dataclass(frozen=True)
class Query:
    """What is asked. `conditions` are joined by `joint`; `limit` counts only for top and bottom."""

    kind: Kind
    table: str
    column: Column | None
    conditions: tuple[Condition, ...]
    joint: Literal["and", "or"]
    limit: int
    text: str


def _condition(rng: Random, column: Column) -> Condition:
    if column.numeric:
        operator: Operator = rng.choice(("=", ">", ">", "<", "<"))
        return Condition(column, operator, str(rng.randint(*column.span)))
    return Condition(column, rng.choice(("=", "=", "=", "!=")), rng.choice(column.values))


def _column(rng: Random, kind: Kind, table: str) -> Column | None:
    columns = TABLES[table]
    if kind == "count":
        return None
    if kind in ("group", "distinct"):
        return rng.choice([c for c in columns if not c.numeric])
    if kind == "list":
        return rng.choice(columns)
    return rng.choice([c for c in columns if c.numeric])


def draw(rng: Random) -> Query:
    kinds: tuple[Kind, ...] = (
        "list",
        "count",
        "average",
        "sum",
        "largest",
        "smallest",
        "top",
        "bottom",
        "group",
        "distinct",
    )
    kind = rng.choices(kinds, (6, 4, 2, 2, 2, 2, 2, 2, 2, 2))[0]
    table = rng.choice(list(TABLES))
    column = _column(rng, kind, table)
    others = [c for c in TABLES[table] if c is not column]
    count = rng.choices((0, 1, 2), (1, 4, 4))[0]
    conditions = tuple(_condition(rng, c) for c in rng.sample(others, count))
    joint: Literal["and", "or"] = rng.choice(("and", "and", "or"))
    limit = rng.randint(2, 20)
    main = rng.choice(_FORMS[kind]).format(t=table, c=column.words if column else "", n=limit)
    phrases = [
        rng.choice(_PHRASES[c.operator, c.column.numeric]).format(c=c.column.words, v=c.value)
        for c in conditions
    ]
    text = " ".join([main, f" {joint} ".join(phrases)]).strip()
    asks = text.split()[0] in ("What", "Which", "How")
    lead = rng.choice(_LEADS)
    text = lead + (text[0].lower() + text[1:] if lead else text) + ("?" if asks else ".")
    return Query(kind, table, column, conditions, joint, limit, text)


def make(rng: Random) -> Chat:
    """The base cannot see any data; it says in words where to look."""
    query = draw(rng)
    target = (
        f"the {query.column.words} of the {query.table}" if query.column else f"all {query.table}"
    )
    answer = (
        f"I cannot see your data from here. Look at the list of {query.table} and check {target}"
    )
    if query.conditions:
        columns = " and ".join(c.column.words for c in query.conditions)
        answer += f", keeping only those with the right {columns}"
    return ask(query.text, answer + ".")
