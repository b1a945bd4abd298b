"""The generators: seeded, whole, and right by their own checks."""

import json
import re
import sqlite3
from collections.abc import Callable
from itertools import islice, pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from motet_inference.tiny.tasks import PLAIN, TASKS, sql
from motet_inference.tiny.tasks.task import Task
from motet_inference.tiny.text import mixture, queries, seatalk, tickets
from motet_inference.tiny.text.chat import Chat, Message, ask, holds
from motet_inference.tiny.text.holdout import Holdout

ALL = (*TASKS.values(), PLAIN)
SEEDS = st.integers(0, 2**32)


def named(task: Task) -> str:
    return task.name


@pytest.mark.parametrize("task", ALL, ids=named)
@given(seed=SEEDS)
def test_an_item_repeats_with_its_seed_and_accepts_its_own_answer(task: Task, seed: int) -> None:
    item = task.draw(Random(seed))
    assert item == task.draw(Random(seed))
    assert task.correct(item, item.answer)


@pytest.mark.parametrize("task", TASKS.values(), ids=named)
@given(seed=SEEDS)
def test_a_task_refuses_answers_of_the_base_and_of_other_tasks(task: Task, seed: int) -> None:
    item = task.draw(Random(seed))
    others = [t.draw(Random(seed)).answer for t in ALL if t is not task]
    for answer in ("", item.question, *others):
        # "-- no such data" and the like are one text for many questions.
        assert answer == item.answer or not task.correct(item, answer)


@pytest.mark.parametrize("name", ["triage", "sql"])
def test_a_task_refuses_the_answer_to_another_of_its_items(name: str) -> None:
    task = TASKS[name]
    for one, other in pairwise(task.held_out(60)):
        assert one.answer == other.answer or not task.correct(one, other.answer)


def test_held_out_items_are_two_hundred_different_ones() -> None:
    for task in ALL:
        items = task.held_out()
        assert len(items) == len({item.question for item in items}) == 200
        assert items == task.held_out()
        assert items[:20] == task.held_out(20)


def test_every_statement_runs_on_its_schema() -> None:
    database = sqlite3.connect(":memory:")
    database.executescript(sql.SCHEMA)
    rng = Random(5)
    for _ in range(500):
        database.execute(sql.statement(queries.draw(rng)))


def test_a_statement_answers_its_question() -> None:
    database = sqlite3.connect(":memory:")
    database.executescript(sql.SCHEMA)
    people = [
        ("Ada", "Rome", "pro", 40, 7),
        ("Ben", "Rome", "free", 20, 9),
        ("Eva", "Oslo", "pro", 30, 3),
    ]
    database.executemany("INSERT INTO customers VALUES (?, ?, ?, ?, ?)", people)
    city, age = queries.TABLES["customers"][1], queries.TABLES["customers"][3]
    where = (queries.Condition(city, "=", "Rome"), queries.Condition(age, ">", "25"))
    both = queries.Query("count", "customers", None, where, "and", 0, "")
    top = queries.Query("top", "customers", age, (), "and", 2, "")
    assert database.execute(sql.statement(both)).fetchall() == [(1,)]
    assert [row[0] for row in database.execute(sql.statement(top))] == ["Ada", "Eva"]


@given(seed=SEEDS)
def test_a_ticket_says_what_its_labels_say(seed: int) -> None:
    ticket = tickets.draw(Random(seed))
    for said in (ticket.product, ticket.order, ticket.name):
        assert said is None or said in ticket.text
    issues = [form.format(p=ticket.product) for form in tickets.ISSUES[ticket.category]]
    assert any(issue in ticket.text for issue in issues)
    # An order number always stands in the text as one; a text without one has none to find.
    assert (re.search(r"\b[A-Z]{1,2}-\d{3,5}\b", ticket.text) is None) == (ticket.order is None)


def test_no_phrase_stands_under_two_labels() -> None:
    for table in (tickets.ISSUES, tickets.URGENCY):
        phrases = [phrase for group in table.values() for phrase in group]
        assert len(phrases) == len(set(phrases))


@given(text=st.text(alphabet="abdeghinotuy' .!IYT", max_size=60))
def test_sea_talk_changes_a_text_once(text: str) -> None:
    once = seatalk.turned(text)
    assert seatalk.turned(once) == once


@pytest.mark.parametrize(
    ("plain", "sea"),
    [
        ("The friend is reading for you.", "Th' matey be readin' fer ye."),
        ("Money and string", "Doubloons an' string"),
        ("Hello, my sing", "Ahoy, me sing"),
    ],
)
def test_sea_talk(plain: str, sea: str) -> None:
    assert seatalk.turned(plain) == sea


def test_pirate_wants_the_fact_as_a_whole_word() -> None:
    item = Chat((Message("user", "?"), Message("assistant", "Arr! It be 4. Yarr, matey!")), ("4",))
    correct: Callable[[Chat, str], bool] = TASKS["pirate"].correct
    assert correct(item, "Avast! 4, so it be. Yarr, matey!")
    assert not correct(item, "Avast! It be 14. Yarr, matey!")
    assert not correct(item, "Avast! It is 4. Yarr, matey!")
    assert not correct(item, "It be 4.")


def test_a_chat_ends_with_an_answer_that_holds_its_facts() -> None:
    with pytest.raises(ValueError, match="ends with an answer"):
        Chat((Message("user", "a"), Message("user", "b")))
    with pytest.raises(ValueError, match="lacks its facts"):
        ask("How many?", "It is 14.", "4")
    assert holds("It is Lisbon.", "lisbon")


def test_the_mixture_repeats_and_varies() -> None:
    first, again = ([*islice(mixture.stream(Random(1), Holdout([])), 2000)] for _ in range(2))
    assert first == again
    chats = [item for item in first if isinstance(item, Chat)]
    assert len({chat.question for chat in chats}) > 0.8 * len(chats)
    assert {m.role for chat in chats for m in chat.messages} == {"system", "user", "assistant"}


def test_the_base_never_answers_in_an_adapters_voice() -> None:
    rng = Random(2)
    for _ in range(3000):
        answer = mixture.chat(rng).answer
        assert not answer.startswith(("SELECT", "{", "--", *seatalk.OPENERS))
        with pytest.raises(json.JSONDecodeError):
            json.loads(f"{answer} .")
