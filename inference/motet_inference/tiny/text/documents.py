"""Documents: text that is no conversation, so that the base has seen records, queries and sea talk.

They teach words, not manners: in a conversation the base answers in plain prose.
"""

import json
from random import Random

from motet_inference.tiny.text import facts, howto, queries, seatalk, shop, stories
from motet_inference.tiny.text.reading import code
from motet_inference.tiny.text.tickets import ISSUES, URGENCY
from motet_inference.tiny.text.words import CITIES, THINGS, person

_FUNCTIONS = ("DISTINCT ", "MAX", "MIN", "AVG", "SUM")


def _records(rng: Random) -> str:
    lines = []
    for _ in range(rng.randint(1, 5)):
        record = {
            "category": rng.choice(list(ISSUES)),
            "priority": rng.choice(list(URGENCY)),
            "product": rng.choice(shop.PRODUCT_NAMES),
            "order": rng.choice((code(rng), None)),
            "name": rng.choice((person(rng), None)),
        }
        keys = rng.sample(list(record), rng.randint(2, 5))
        lines.append(json.dumps({key: record[key] for key in keys}))
    return "\n".join(lines)


def _statements(rng: Random) -> str:
    lines = []
    for _ in range(rng.randint(1, 5)):
        table = rng.choice(list(queries.TABLES))
        column, other = rng.sample(queries.TABLES[table], 2)
        name = column.name
        what = rng.choice(("*", name, "COUNT(*)", *(f"{f}({name})" for f in _FUNCTIONS)))
        value = str(rng.randint(*other.span)) if other.numeric else f"'{rng.choice(other.values)}'"
        test = f"{other.name} {rng.choice(('=', '!=', '<', '>'))} {value}"
        where = rng.choice(("", f" WHERE {test}", f" WHERE {name} != {value} AND {test}"))
        order = f" ORDER BY {name} {rng.choice(('ASC', 'DESC'))} LIMIT {rng.randint(1, 20)}"
        tail = rng.choice(("", "", order, f" GROUP BY {name}"))
        lines.append(f"SELECT {what} FROM {table}{where}{tail};")  # noqa: S608 - text to learn
    return "\n".join(lines)


def _sea(rng: Random) -> str:
    source = rng.choice((facts.make, howto.make, shop.make))
    return " ".join(seatalk.said(rng, source(rng).answer) for _ in range(rng.randint(1, 4)))


def _tale(rng: Random) -> str:
    return stories.story(rng, rng.choice(("sailor", "baker", "fox", "robot")), person(rng))


def _notes(rng: Random) -> str:
    lines = []
    for _ in range(rng.randint(2, 6)):
        sent = f"{rng.randint(2, 90)} {rng.choice(THINGS)} to {rng.choice(CITIES)}"
        lines.append(
            rng.choice(
                (
                    f"{person(rng)} sent {sent}.",
                    f"Order {code(rng)} was packed by {person(rng)}.",
                    facts.make(rng).answer,
                    shop.make(rng).answer,
                )
            )
        )
    return " ".join(lines)


def make(rng: Random) -> str:
    return rng.choices((_records, _statements, _sea, _tale, _notes), (3, 3, 3, 1, 3))[0](rng)
