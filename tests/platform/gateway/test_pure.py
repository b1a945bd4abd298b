"""The parts that need neither a database nor a worker."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from motet_billing.pricing import Price, cost
from motet_inference.rpc import worker_pb2 as pb
from motet_platform.errors import InvalidRequest
from motet_platform.fleet.pick import SLACK, SPREAD, Want, load, pick
from motet_platform.gateway.budget import LOW_WATER, OUTPUT_CHUNK, Budget
from motet_platform.gateway.cache import Cache
from motet_platform.gateway.identity import Salts, new_request_id
from motet_platform.gateway.response_body import RESPONSE, ResponseBody
from motet_platform.gateway.routes import Name, parse
from motet_platform.gateway.schemas import CHAT, COMPLETION, ChatBody, decode
from motet_platform.gateway.tally import Tally
from motet_platform.gateway.update import Delta, Update

tokens = st.integers(0, 200_000)
prices = st.builds(
    Price,
    version_id=st.just(1),
    sku=st.just("x"),
    input=st.integers(0, 10**7),
    cached_input=st.integers(0, 10**7),
    output=st.integers(0, 10**7),
)


# ---- budget ----


@given(tokens, st.integers(1, 16), st.none() | st.integers(1, 10**6))
def test_the_first_grant_is_one_chunk_per_choice_at_most(
    prompt: int, n: int, max_tokens: int | None
) -> None:
    budget = Budget.first(prompt_estimate=prompt, n=n, max_tokens=max_tokens)
    assert budget.output == n * min(max_tokens or OUTPUT_CHUNK, OUTPUT_CHUNK)
    assert budget.exhausted == (max_tokens is not None and max_tokens <= OUTPUT_CHUNK)


@given(tokens, st.integers(1, 16), st.none() | st.integers(1, 10**5), st.data())
def test_grants_grow_up_to_the_ceiling_and_no_further(
    prompt: int, n: int, max_tokens: int | None, data: Any
) -> None:
    budget = Budget.first(prompt_estimate=prompt, n=n, max_tokens=max_tokens)
    for _ in range(5):
        used = data.draw(st.integers(0, budget.output))
        grown = budget.grown(prompt_needed=data.draw(tokens), output_used=used)
        assert grown.prompt >= budget.prompt
        assert grown.output >= budget.output
        assert max_tokens is None or grown.output <= n * max_tokens
        if budget.output - used > LOW_WATER or budget.exhausted:
            assert grown.output == budget.output
        else:
            assert grown.output > budget.output
        budget = grown


@given(prices, tokens, st.integers(1, 16), st.integers(0, 10**13))
def test_what_an_amount_pays_for_costs_no_more(
    price: Price, prompt: int, n: int, amount: int
) -> None:
    budget = Budget.first(prompt_estimate=prompt, n=n, max_tokens=None)
    part = budget.within(price, amount)
    if part is None:
        assert cost(price, prompt, 0, 1) > amount
    else:
        assert part.amount(price) <= amount
        more = cost(price, prompt, 0, part.output + 1)
        assert part.output == budget.output or more > amount


@given(prices, tokens, st.integers(1, 16), st.integers(1, 10**13))
def test_a_first_grant_under_a_limit_costs_no_more(
    price: Price, prompt: int, n: int, limit: int
) -> None:
    budget = Budget.first(prompt_estimate=prompt, n=n, max_tokens=None)
    begun = budget.begun_within(price, limit)
    if begun is None:
        assert cost(price, 0, 0, n) > limit
    else:
        assert begun.amount(price) <= limit
        assert n <= begun.output <= budget.output and begun.prompt <= budget.prompt


# ---- tally ----


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 5)), max_size=30))
def test_what_is_paid_is_what_was_delivered_before(steps: list[tuple[int, int]]) -> None:
    tally = Tally()
    tally.prompt_tokens = 11
    done: Counter[int] = Counter()
    assert tally.usage.prompt_tokens == 0, "before the first token nothing is owed"
    for index, more in steps:
        done[index] += more
        update = Update(deltas=[Delta(index, "x", done[index], [])])
        owed = tally.after(update)
        assert owed.completion_tokens == done.total()
        assert tally.usage.completion_tokens == done.total() - more
        tally.deliver(update)
        assert tally.usage == owed
        assert owed.prompt_tokens == 11


def test_an_update_merges_the_deltas_of_a_choice() -> None:
    update = Update()
    for index, text, done in ((0, "a", 1), (1, "x", 1), (0, "b", 2)):
        delta = pb.Delta(index=index, text=text, completion_tokens=done)
        update.add(pb.Event(delta=delta))
    assert [(d.index, d.text, d.completion_tokens) for d in update.deltas] == [
        (0, "ab", 2),
        (1, "x", 1),
    ]


# ---- pick ----


@dataclass
class At:
    """A worker as the router sees it."""

    target: str
    running: int = 0
    waiting: int = 0
    inflight: int = 0
    ready: bool = True
    base: str = "tiny"
    max_rank: int = 64
    resident: set[str] = field(default_factory=set)

    @property
    def welcome(self) -> pb.Welcome | None:
        role = pb.ROLE_UNIFIED
        return pb.Welcome(base_model=self.base, max_rank=self.max_rank, role=role)


WANT = Want(base="tiny", affinity="7", digest="d1", rank=8)


def test_the_worker_that_holds_the_adapter() -> None:
    workers = [At(f"w{i}") for i in range(4)]
    workers[2].resident.add("d1")
    workers[2].running = 3
    assert pick(WANT, workers) is workers[2]
    workers[2].inflight = 40
    assert pick(WANT, workers) is not workers[2], "affinity gives way to load"


def test_nobody_able() -> None:
    assert pick(WANT, []) is None
    assert pick(WANT, [At("a", ready=False), At("b", base="other"), At("c", max_rank=4)]) is None


def test_a_worker_to_avoid_is_better_than_none() -> None:
    one, two = At("a"), At("b")
    assert pick(WANT, [one, two], avoid=["a"]) is two
    assert pick(WANT, [one], avoid=["a"]) is one


def test_a_lost_worker_moves_only_its_own_adapters() -> None:
    workers = [At(f"w{i}") for i in range(5)]
    wants = [Want(base="tiny", affinity="7", digest=f"d{i}", rank=8) for i in range(300)]
    before = {w.digest: pick(w, workers) for w in wants}
    shares = Counter(w.target for w in before.values() if w is not None)
    assert len(shares) == 5 and min(shares.values()) > 30
    after = {w.digest: pick(w, workers[1:]) for w in wants}
    for digest, worker in before.items():
        assert after[digest] is worker or worker is workers[0]


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), min_size=1, max_size=8))
def test_no_worker_is_sent_far_beyond_the_mean(figures: list[tuple[int, bool]]) -> None:
    workers = [
        At(f"w{i}", running=n, resident={"d1"} if holds else set())
        for i, (n, holds) in enumerate(figures)
    ]
    chosen = pick(WANT, workers)
    assert chosen is not None
    mean = sum(n for n, _ in figures) / len(figures)
    assert load(chosen) <= SPREAD * mean + SLACK


# ---- cache ----


async def test_cache_loads_once_and_forgets() -> None:
    now = 0.0
    loads = 0

    async def load_it() -> str:
        nonlocal loads
        loads += 1
        await asyncio.sleep(0)
        return f"value {loads}"

    cache: Cache[str, str] = Cache(ttl_s=5, clock=lambda: now)
    assert await asyncio.gather(*(cache.get("k", load_it) for _ in range(9))) == ["value 1"] * 9
    now = 4.9
    assert await cache.get("k", load_it) == "value 1"
    now = 5.1
    assert await cache.get("k", load_it) == "value 2"
    cache.drop("k")
    assert await cache.get("k", load_it) == "value 3"
    cache.clear()
    assert await cache.get("k", load_it) == "value 4"


async def test_a_notice_that_overtakes_a_load_is_not_lost() -> None:
    gate = asyncio.Event()

    async def old() -> str:
        await gate.wait()
        return "old"

    async def new() -> str:
        return "new"

    cache: Cache[str, str] = Cache(ttl_s=5)
    waiting = asyncio.ensure_future(cache.get("k", old))
    await asyncio.sleep(0)
    cache.drop("k")
    gate.set()
    assert await waiting == "old"
    assert await cache.get("k", new) == "new"


async def test_cache_keeps_neither_absence_nor_errors_nor_too_much() -> None:
    answers: list[Any] = [None, RuntimeError("away"), "here"]

    async def load_it() -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    cache: Cache[int, str] = Cache(ttl_s=5, size=3)
    assert await cache.get(1, load_it) is None
    with pytest.raises(RuntimeError):
        await cache.get(1, load_it)
    assert await cache.get(1, load_it) == "here"
    for key in range(10):
        answers.append("x")
        await cache.get(key, load_it)
    assert len(cache._kept) == 3


async def test_one_who_leaves_does_not_cancel_the_others_load() -> None:
    gate = asyncio.Event()

    async def load_it() -> str:
        await gate.wait()
        return "here"

    cache: Cache[str, str] = Cache(ttl_s=5)
    first, second = (asyncio.ensure_future(cache.get("k", load_it)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    gate.set()
    assert await second == "here"


# ---- names and ids ----


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("llama-3.1-8b", Name(None, "llama-3.1-8b")),
        ("acme/support", Name("acme", "support")),
        ("acme/support@12", Name("acme", "support", version=12)),
        ("acme/support:prod", Name("acme", "support", alias="prod")),
        ("accounts/acme/models/support", Name("acme", "support")),
        ("accounts/acme/models/support@3", Name("acme", "support", version=3)),
    ],
)
def test_names(model: str, name: Name) -> None:
    assert parse(model) == name


@pytest.mark.parametrize(
    "model",
    ["", "/", "a/", "/b", "a/b/c", "a/b@0", "a/b@-1", "a/b@", "a/b:", "a/b@1:x", "base:x", "a b",
     "A", "a/b@9999999999", "a\n", "a/b\n", "é"],
)  # fmt: skip
def test_not_names(model: str) -> None:
    assert parse(model) is None


# ---- how many log probabilities one answer holds ----

_CHAT: dict[str, Any] = {
    "model": "m",
    "messages": [{"role": "user", "content": "x"}],
    "logprobs": True,
    "top_logprobs": 20,
}
_RESPONSE: dict[str, Any] = {
    "model": "m",
    "input": "x",
    "include": ["message.output_text.logprobs"],
    "top_logprobs": 20,
}


@pytest.mark.parametrize(
    ("decoder", "body", "param", "most"),
    [
        (CHAT, _CHAT, "max_tokens", 49_932),
        (CHAT, {**_CHAT, "n": 16}, "max_completion_tokens", 3_120),
        (CHAT, {**_CHAT, "top_logprobs": 0}, "max_tokens", 1 << 20),
        (COMPLETION, {"model": "m", "prompt": "x", "logprobs": 5, "n": 2}, "max_tokens", 87_381),
        (RESPONSE, _RESPONSE, "max_output_tokens", 49_932),
        (RESPONSE, {**_RESPONSE, "stream": True}, "max_output_tokens", 49_932),
    ],
)
def test_more_log_probabilities_than_an_answer_holds_are_refused(
    decoder: Any, body: dict[str, Any], param: str, most: int
) -> None:
    def ask(**fields: Any) -> Any:
        return decode(msgspec.json.encode({**body, **fields}), decoder).ask()

    assert ask(**{param: most}).max_tokens == most
    with pytest.raises(InvalidRequest, match=f"{param} is at most {most}") as caught:
        ask(**{param: most + 1})
    assert (caught.value.status, caught.value.param) == (400, param)
    open_ended = ask()
    usual = 16 if decoder is COMPLETION else most
    assert open_ended.max_tokens == open_ended.submit.sampling.max_tokens == usual


@pytest.mark.parametrize("fields", [{"stream": True}, {"logprobs": False, "top_logprobs": None}])
def test_text_and_streams_have_no_such_bound(fields: dict[str, Any]) -> None:
    body = {**_CHAT, "n": 16, **fields}
    ask = decode(msgspec.json.encode({**body, "max_tokens": 2**31 - 1}), CHAT).ask()
    assert ask.max_tokens == 2**31 - 1
    open_ended = decode(msgspec.json.encode(body), CHAT).ask()
    assert open_ended.max_tokens is None
    assert not open_ended.submit.sampling.HasField("max_tokens")


def test_request_ids_are_in_order_of_time_and_never_the_same() -> None:
    ids = [new_request_id() for _ in range(2000)]
    assert len(set(ids)) == len(ids)
    assert [i[:16] for i in ids] == sorted(i[:16] for i in ids)


def test_salts() -> None:
    salts = Salts("key " * 10)
    assert salts.salt(1) == Salts("key " * 10).salt(1)
    assert len({salts.salt(1), salts.salt(2), Salts("other " * 10).salt(1)}) == 3


# ---- bodies ----


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
bodies = (ChatBody, ResponseBody)
fields = sorted({f.name for body in bodies for f in msgspec.structs.fields(body)})


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(fields), json_values, max_size=6))
def test_any_body_is_understood_or_refused_as_400(body: dict[str, Any]) -> None:
    good: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    data = msgspec.json.encode({**good, "prompt": "x", "input": "x", **body})
    for decoder in (CHAT, COMPLETION, RESPONSE):
        try:
            ask = decode(data, decoder).ask()
        except InvalidRequest as error:
            assert error.status == 400 and error.message
        else:
            assert ask.submit.SerializeToString()
            assert 1 <= ask.n <= 16
            assert ask.prompt_estimate > 0


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_as_400(data: bytes) -> None:
    for decoder in (CHAT, COMPLETION, RESPONSE):
        with pytest.raises(InvalidRequest):
            decode(data, decoder)
