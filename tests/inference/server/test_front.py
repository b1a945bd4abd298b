"""Requests from a gateway to the core and back, against a core that does what a test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from motet_inference.adapters.store import AdapterStore
from motet_inference.config import WorkerConfig
from motet_inference.engine import messages as m
from motet_inference.rpc import worker_pb2 as pb
from motet_inference.server.front import Front
from motet_inference.server.journal import Journal
from motet_inference.server.news import News
from motet_inference.server.registry import Registry
from motet_inference.server.session import GatewaySession
from motet_inference.server.stats import Stats
from motet_inference.server.tokenizer import Tokenizer
from motet_inference.server.wire import CoreInfo, Tiers

pytestmark = pytest.mark.timeout(30)


class ScriptedCore:
    """Keeps what it is sent; a test answers through `House.step`."""

    def __init__(self) -> None:
        self.ready = asyncio.Event()
        self.sent: list[m.ToCore] = []

    def send(self, message: m.ToCore) -> None:
        self.sent.append(message)


class House:
    """A front with its neighbours, and one gateway whose messages lie in `events`."""

    def __init__(self, config: WorkerConfig, tokenizer: Tokenizer) -> None:
        self.config, self.tokenizer = config, tokenizer
        self.stats = Stats()
        self.store = AdapterStore(config.cache, limit=1 << 30)
        self.requests = Registry(self.stats, Journal(config.journal))
        self.front = Front(config, tokenizer, self.store, self.requests, self.stats)
        self.news = News(config, self.front, self.requests, self.stats, tokenizer)
        self.core = ScriptedCore()
        self.front.core = self.core
        self.events: list[pb.Event] = []
        self.updates: list[pb.StepUpdate] = []
        self.drained = 0
        self.session = GatewaySession(1, "gateway-1")
        self.tasks: list[asyncio.Task[None]] = []
        self.steps = 0

    def connect(self, session: GatewaySession, *, ready: bool = True) -> None:
        self.news.on_core_ready(
            CoreInfo(num_blocks=99, max_context=64, vocab_size=400, num_slots=2)
        )
        if ready:
            self.core.ready.set()
        self.front.open_session(session)
        self.tasks.append(asyncio.create_task(session.run(self._write)))

    async def _write(self, message: pb.FromWorker) -> None:
        self.drained += message.WhichOneof("message") == "draining"
        self.updates.append(message.update)
        self.events += message.update.events

    def submit(self, submit: pb.Submit, session: GatewaySession | None = None) -> None:
        self.front.receive(session or self.session, pb.ToWorker(submit=submit))

    def extend(self, **fields: Any) -> None:
        self.front.receive(self.session, pb.ToWorker(extend=pb.Extend(**fields)))

    def cancel(self, request_id: str = "r1") -> None:
        message = pb.ToWorker(cancel=pb.Cancel(request_id=request_id))
        self.front.receive(self.session, message)

    async def sent(self, kind: type[Any], count: int = 1) -> Any:
        """The count-th message of a kind to the core, once it is there."""
        async with asyncio.timeout(10):
            while len(found := [x for x in self.core.sent if isinstance(x, kind)]) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        return found[count - 1]

    async def event(self, kind: str, count: int = 1) -> pb.Event:
        async with asyncio.timeout(10):
            while len(found := [e for e in self.events if e.WhichOneof("kind") == kind]) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        return found[count - 1]

    def step(self, **news: Any) -> None:
        self.steps += 1
        self.news.on_step(m.StepOutput(step=self.steps, num_tokens=1, **news))

    def text(self, add: m.Add, text: str, index: int = 0) -> list[m.Token]:
        """Tokens that spell a text."""
        ids = self.tokenizer.text(text)[1:]
        return [m.Token(add.request_id, index, i) for i in ids]

    def speak(self, add: m.Add, text: str, index: int = 0) -> None:
        for token in self.text(add, text, index):
            self.step(tokens=[token])

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for request in self.requests.all():
            self.requests.fail(request, "cancelled", "")
        await self.store.close()
        self.front.close()


@pytest.fixture
async def house(
    make_config: Callable[..., WorkerConfig], tokenizer: Tokenizer
) -> AsyncIterator[House]:
    house = House(make_config(max_batch=4, max_waiting=2, budget_wait_s=0.05), tokenizer)
    house.connect(house.session)
    yield house
    await house.close()


def ended(add: m.Add, completion: int, prompt: int = 5, cached: int = 0) -> m.Ended:
    return m.Ended(add.request_id, prompt, cached, completion)


async def test_it_works(house: House, make_submit: Any) -> None:
    house.submit(make_submit(sampling={"seed": 3}, prompt_budget=50, output_budget=60))
    add = await house.sent(m.Add)
    assert add.prompt == house.tokenizer.text("The quick brown fox")
    assert (add.account, add.salt, add.n, add.weight) == ("acme", b"salt of acme", 1, 1)
    assert (add.prompt_budget, add.output_budget, add.sampling.seed) == (50, 60, 3)
    house.speak(add, "Hello")
    house.step(
        tokens=[m.Token(add.request_id, 0, 2)],
        choice_ends=[m.ChoiceEnd(add.request_id, 0, "stop")],
        ended=[ended(add, 99, prompt=5, cached=4)],
    )
    last = (await house.event("finished")).finished
    assert house.events[0].accepted.prompt_tokens == len(add.prompt)
    text = "".join(e.delta.text for e in house.events if e.HasField("delta"))
    count = len(house.text(add, "Hello")) + 1
    assert text == "Hello"
    assert (last.usage.prompt_tokens, last.usage.cached_tokens) == (5, 4)
    assert last.usage.completion_tokens == last.choices[0].completion_tokens == count
    assert (last.choices[0].finish_reason, last.choices[0].text) == ("stop", "")
    assert house.requests.all() == []


async def test_without_streaming_there_is_one_event(house: House, make_submit: Any) -> None:
    house.submit(make_submit(stream=False, n=2, sampling={"logprobs": 1}))
    add = await house.sent(m.Add)
    for index, text in enumerate(["one", "two"]):
        for token in house.text(add, text, index):
            house.step(tokens=[m.Token(token.request_id, index, token.token_id, -0.5, [])])
    house.step(
        choice_ends=[m.ChoiceEnd(add.request_id, i, "length") for i in range(2)],
        ended=[ended(add, 6)],
    )
    choices = (await house.event("finished")).finished.choices
    assert [e.WhichOneof("kind") for e in house.events] == ["accepted", "finished"]
    assert [(c.index, c.text, c.finish_reason) for c in choices] == [
        (0, "one", "length"),
        (1, "two", "length"),
    ]
    assert b"".join(entry.token_bytes for entry in choices[1].logprobs) == b"two"


async def test_a_large_answer_does_not_wait_for_its_end(house: House, make_submit: Any) -> None:
    house.submit(make_submit(stream=False, sampling={"logprobs": 20}))
    add = await house.sent(m.Add)
    (token,) = house.text(add, "x")
    top = [(token.token_id, -0.5)] * 20
    for _ in range(6000):
        house.step(tokens=[m.Token(add.request_id, 0, token.token_id, -0.5, top)])
    first = (await house.event("delta")).delta
    assert first.ByteSize() < 1.1 * (1 << 20)
    assert first.completion_tokens == len(first.logprobs) > 2000
    house.step(choice_ends=[m.ChoiceEnd(add.request_id, 0, "length")], ended=[ended(add, 6000)])
    (rest,) = (await house.event("finished")).finished.choices
    deltas = [e.delta for e in house.events if e.HasField("delta")]
    assert "".join(d.text for d in deltas) + rest.text == "x" * 6000
    assert sum(len(d.logprobs) for d in deltas) + len(rest.logprobs) == 6000
    assert rest.ByteSize() < 1 << 20


async def test_echo_puts_the_prompt_first(house: House, make_submit: Any) -> None:
    house.submit(make_submit(text="Once ", echo=True))
    add = await house.sent(m.Add)
    house.speak(add, "upon")
    assert (await house.event("delta")).delta.text.startswith("Once ")
    ids = house.tokenizer.text("Twice ")
    house.submit(make_submit("r2", token_ids=pb.TokenIds(ids=ids), echo=True, stream=False))
    add = await house.sent(m.Add, 2)
    assert add.prompt == ids
    house.step(choice_ends=[m.ChoiceEnd(add.request_id, 0, "length")], ended=[ended(add, 0)])
    assert (await house.event("finished")).finished.choices[0].text == "Twice "


async def test_a_stop_string_ends_a_choice_and_hides_what_follows(
    house: House, make_submit: Any
) -> None:
    house.submit(make_submit(sampling={"stop": ["lo, wo"]}))
    add = await house.sent(m.Add)
    tokens = house.text(add, "Hello, world, and more")
    for token in tokens:
        house.step(tokens=[token])
    stop = await house.sent(m.StopChoice)
    assert (stop.request_id, stop.index) == (add.request_id, 0)
    house.step(choice_ends=[m.ChoiceEnd(add.request_id, 0, "stop")], ended=[ended(add, 50)])
    finished = (await house.event("finished")).finished
    assert "".join(e.delta.text for e in house.events if e.HasField("delta")) == "Hel"
    needed = next(
        n for n in range(50) if "lo, wo" in house.tokenizer.decode([t.token_id for t in tokens[:n]])
    )
    assert finished.usage.completion_tokens == needed
    assert len([x for x in house.core.sent if isinstance(x, m.StopChoice)]) == 1


async def test_bad_input_fails_alone(house: House, make_submit: Any) -> None:
    house.submit(make_submit("good"))
    house.submit(make_submit("bad", sampling={"temperature": float("nan")}))
    failed = await house.event("failed")
    assert (failed.request_id, failed.failed.code) == ("bad", "invalid_request")
    assert failed.failed.param == "temperature"
    house.speak(await house.sent(m.Add), "on")
    assert (await house.event("delta")).request_id == "good"


async def test_a_prompt_beyond_the_context_fails_at_once(house: House, make_submit: Any) -> None:
    house.submit(make_submit(text="x " * 100))
    assert (await house.event("failed")).failed.code == "context_length_exceeded"
    house.submit(make_submit("r2", token_ids=pb.TokenIds(ids=[])))
    assert "empty" in (await house.event("failed", 2)).failed.message
    assert house.core.sent == []


async def test_a_role_that_the_template_refuses(house: House, make_submit: Any) -> None:
    house.submit(make_submit(chat=pb.Chat(messages=[pb.ChatMessage(role="tool", content="x")])))
    assert "no tools here" in (await house.event("failed")).failed.message


async def test_too_many_are_refused(house: House, make_submit: Any) -> None:
    for i in range(7):
        house.submit(make_submit(f"r{i}"))
    failed = await house.event("failed")
    assert (failed.request_id, failed.failed.code) == ("r6", "overloaded")
    await house.sent(m.Add, 6)


async def test_a_name_used_twice_ends_both(house: House, make_submit: Any) -> None:
    house.submit(make_submit())
    first = await house.sent(m.Add)
    house.submit(make_submit())
    assert (await house.event("failed")).failed.code == "invalid_request"
    assert (await house.sent(m.Cancel)).request_id == first.request_id
    house.submit(make_submit())
    second = await house.sent(m.Add, 2)
    house.speak(first, "late news of the first")
    house.speak(second, "new")
    await house.event("delta")
    assert "".join(e.delta.text for e in house.events) in "new"


async def test_gateways_do_not_share_names(house: House, make_submit: Any) -> None:
    other = GatewaySession(2, "gateway-2")
    house.connect(other)
    house.submit(make_submit())
    house.submit(make_submit(), other)
    one, two = await house.sent(m.Add), await house.sent(m.Add, 2)
    assert one.request_id != two.request_id
    house.front.close_session(other)
    assert (await house.sent(m.Cancel)).request_id == two.request_id


async def test_budgets_and_extensions(house: House, make_submit: Any) -> None:
    house.submit(make_submit(output_budget=2))
    add = await house.sent(m.Add)
    house.step(low=[m.Low(add.request_id, 5, 1)])
    low = (await house.event("budget_low")).budget_low
    assert (low.prompt_needed, low.output_used) == (5, 1)
    house.extend(request_id="r1", prompt_budget=9, output_budget=99)
    extend = await house.sent(m.Extend)
    assert (extend.output_budget, extend.last) == (99, False)
    assert extend.prompt_budget == 10_000, "a grant is never taken back"
    await asyncio.sleep(0.15)
    assert len([x for x in house.core.sent if isinstance(x, m.Extend)]) == 1
    house.extend(request_id="nobody", output_budget=1)


async def test_when_no_extension_comes_the_budget_is_the_last(
    house: House, make_submit: Any
) -> None:
    house.submit(make_submit(output_budget=2))
    add = await house.sent(m.Add)
    house.speak(add, "on")
    house.step(low=[m.Low(add.request_id, 5, 1)])
    extend = await house.sent(m.Extend)
    assert (extend.last, extend.output_budget) == (True, 2)
    house.step(choice_ends=[m.ChoiceEnd(add.request_id, 0, "budget")], ended=[ended(add, 1)])
    assert (await house.event("finished")).finished.choices[0].finish_reason == "budget"


async def test_without_a_first_token_it_is_insufficient_credit(
    house: House, make_submit: Any
) -> None:
    house.submit(make_submit(output_budget=0))
    add = await house.sent(m.Add)
    house.step(
        choice_ends=[m.ChoiceEnd(add.request_id, 0, "budget")],
        ended=[ended(add, 0, prompt=0)],
    )
    failed = (await house.event("failed")).failed
    assert (failed.code, failed.usage.prompt_tokens) == ("insufficient_credit", 0)


async def test_cancel_has_the_cores_last_word(house: House, make_submit: Any) -> None:
    house.submit(make_submit())
    add = await house.sent(m.Add)
    house.speak(add, "Hello")
    house.cancel()
    assert (await house.sent(m.Cancel)).request_id == add.request_id
    house.speak(add, " again")
    house.step(ended=[ended(add, 10, cached=3)])
    failed = (await house.event("failed")).failed
    assert (failed.code, failed.usage.cached_tokens) == ("cancelled", 3)
    assert failed.usage.completion_tokens == len(house.text(add, "Hello")) + len(
        house.text(add, " again")
    )


async def test_a_cancel_that_comes_too_late_finishes(house: House, make_submit: Any) -> None:
    house.submit(make_submit())
    add = await house.sent(m.Add)
    house.cancel()
    house.step(choice_ends=[m.ChoiceEnd(add.request_id, 0, "length")], ended=[ended(add, 0)])
    await house.event("finished")
    house.cancel()
    house.cancel("never heard of")


async def test_a_gateway_that_leaves_takes_its_requests_along(
    house: House, make_submit: Any
) -> None:
    house.submit(make_submit("a"))
    house.submit(make_submit("b"))
    await house.sent(m.Add, 2)
    house.front.close_session(house.session)
    await house.sent(m.Cancel, 2)


async def test_what_the_core_refuses_fails(house: House, make_submit: Any) -> None:
    house.submit(make_submit())
    add = await house.sent(m.Add)
    house.step(refused=[m.Refused(add.request_id, "adapter_incompatible", "It does not fit.")])
    failed = (await house.event("failed")).failed
    assert (failed.code, failed.message) == ("adapter_incompatible", "It does not fit.")


async def test_a_lost_core_ends_what_it_had_and_nothing_else(
    house: House, make_submit: Any
) -> None:
    house.submit(make_submit("in core"))
    add = await house.sent(m.Add)
    house.step(cached=[m.Cached(add.request_id, 4)])
    house.speak(add, "Hello")
    house.news.on_tiers(Tiers(gpu=["d1"], host=["d2"]))
    house.core.ready.clear()
    house.submit(make_submit("waiting"))
    await house.event("accepted", 3)
    house.news.on_core_lost()
    failed = await house.event("failed")
    assert (failed.request_id, failed.failed.code) == ("in core", "engine_crashed")
    assert failed.failed.usage.prompt_tokens == len(add.prompt)
    assert failed.failed.usage.cached_tokens == 4
    told = [e.accepted for e in house.events if e.HasField("accepted")]
    assert [(a.prompt_tokens, a.cached_tokens) for a in told[:2]] == [
        (len(add.prompt), 0),
        (len(add.prompt), 4),
    ]
    assert failed.failed.usage.completion_tokens == len(house.text(add, "Hello"))
    assert [list(u.evicted) for u in house.updates if u.evicted] == [["d1"]]
    house.core.ready.set()
    second = await house.sent(m.Add, 2)
    house.speak(second, "on")
    await house.session.flushed()
    assert (house.events[-1].request_id, house.events[-1].delta.text) == ("waiting", "on")


async def test_adapters_come_from_the_store(
    house: House, make_submit: Any, make_adapter: Any
) -> None:
    adapter = make_adapter("a")
    house.submit(make_submit(adapter=adapter))
    add = await house.sent(m.Add)
    assert add.adapter is not None
    assert (add.adapter.digest, add.adapter.rank) == (adapter.digest, 4)
    assert (Path(add.adapter.path) / "adapter_model.safetensors").is_file()
    assert house.requests.pins() == {adapter.digest: 1}
    house.news.on_tiers(Tiers(gpu=[adapter.digest], host=["h"]))
    reply = house.stats.reply(on_disk=house.store.digests, pins=house.requests.pins())
    states = {a.digest: (a.state, a.pins, a.requests) for a in reply.adapters}
    assert states == {adapter.digest: ("gpu", 1, 1), "h": ("host", 0, 0)}


async def test_another_digest_than_the_files_is_refused(
    house: House, make_submit: Any, make_adapter: Any
) -> None:
    adapter = make_adapter("a")
    adapter.digest = "0" * 64
    house.submit(make_submit("bad", adapter=adapter))
    house.submit(make_submit("good"))
    failed = await house.event("failed")
    assert (failed.request_id, failed.failed.code) == ("bad", "adapter_digest_mismatch")
    await house.sent(m.Add)


async def test_cancelled_while_its_adapter_is_fetched(
    house: House, make_submit: Any, make_adapter: Any, monkeypatch: Any
) -> None:
    started = asyncio.Event()

    async def never(*_: Any) -> None:
        started.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(house.store, "_fetch", never)
    house.submit(make_submit(adapter=make_adapter("a")))
    await started.wait()
    house.cancel()
    assert (await house.event("failed")).failed.code == "cancelled"
    assert house.core.sent == []
    assert house.requests.all() == []


async def test_residency_reaches_the_gateway(house: House) -> None:
    house.step(loaded=["d1"], evicted=["d2"], running=3, waiting=1)
    await house.session.flushed()
    update = house.updates[-1]
    assert (list(update.loaded), list(update.evicted)) == (["d1"], ["d2"])
    assert (update.running, update.waiting) == (3, 1)


async def test_what_a_lost_core_had_is_taken_back_also_where_only_a_step_told_of_it(
    house: House,
) -> None:
    house.news.on_tiers(Tiers(gpu=["d1"], host=[]))
    house.step(loaded=["d2", "d3"])
    house.step(evicted=["d3"])
    await house.session.flushed()
    house.news.on_core_lost()
    await house.session.flushed()
    assert set(house.updates[-1].evicted) == {"d1", "d2"}
    house.news.on_core_lost()  # of the next core nothing is known yet
    await house.session.flushed()
    assert sum(len(update.evicted) for update in house.updates) == 3


async def test_steps_are_counted(house: House) -> None:
    for adapters in (0, 1, 2, 2, 5):
        house.step(adapters=adapters, preemptions=1, seconds=0.01 * adapters)
    reply = house.stats.reply(on_disk=[], pins={})
    assert (reply.steps, reply.steps_mixed, reply.preemptions) == (5, 3, 5)
    assert dict(reply.steps_by_adapters) == {0: 1, 1: 1, 2: 2, 5: 1}
    assert (reply.step_ms_p50, reply.step_ms_p99) == (20.0, 50.0)


async def test_draining_refuses_the_new_and_ends_the_old(house: House, make_submit: Any) -> None:
    house.submit(make_submit("old"))
    add = await house.sent(m.Add)
    house.front.drain()
    house.submit(make_submit("new"))
    assert (await house.event("failed")).failed.code == "draining"
    assert house.drained == 1
    waiter = asyncio.create_task(house.requests.drained())
    await asyncio.sleep(0)
    assert not waiter.done()
    house.step(choice_ends=[m.ChoiceEnd(add.request_id, 0, "length")], ended=[ended(add, 0)])
    await waiter


async def test_every_end_is_in_the_journal(house: House, make_submit: Any) -> None:
    house.submit(make_submit("a"))
    add = await house.sent(m.Add)
    house.speak(add, "on")
    house.step(
        choice_ends=[m.ChoiceEnd(add.request_id, 0, "length")], ended=[ended(add, 2, cached=1)]
    )
    house.submit(make_submit("b", n=0))
    assert house.config.journal is not None
    lines = [json.loads(line) for line in house.config.journal.read_text().splitlines()]
    assert [(x["request_id"], x["outcome"]) for x in lines] == [
        ("a", "finished"),
        ("b", "invalid_request"),
    ]
    assert (lines[0]["gateway_id"], lines[0]["account"]) == ("gateway-1", "acme")
    count = len(house.text(add, "on"))
    assert (lines[0]["cached_tokens"], lines[0]["completion_tokens"]) == (1, count)
