"""/v1/status and the operator's workers: what workers say, and to whom it is told."""

import asyncio
from typing import Any

import httpx
import pytest
from motet_inference.rpc import worker_pb2 as pb
from motet_platform.accounts.models import Membership, User
from motet_platform.keys.tokens import token_issue


def held(digest: str, state: str, requests: int = 0) -> pb.ResidentAdapter:
    return pb.ResidentAdapter(digest=digest, state=state, requests=requests)


async def get(gateway: Any, path: str, token: str) -> httpx.Response:
    async with gateway.http() as client:
        answer: httpx.Response = await client.get(
            path, headers={"authorization": f"Bearer {token}"}
        )
        return answer


@pytest.fixture
def staff(alice: Any) -> str:
    """A token of somebody of the staff."""
    from django.contrib.sessions.backends.db import SessionStore

    user = User.objects.create_user("staff@here.example", is_staff=True)
    membership = Membership.objects.create(account=alice.account, user=user, role="viewer")
    session = SessionStore()
    session.create()
    return token_issue(membership=membership, session_key=str(session.session_key)).secret


async def test_it_works(gateways: Any, worker: Any, second_worker: Any, alice: Any) -> None:
    one, two = alice.adapter("support", versions=2)
    (three,) = alice.adapter("sales")
    worker.stats = pb.StatsReply(
        running=3, waiting=2, slots_total=8, adapters=[held(two, "host"), held(one, "disk")]
    )
    second_worker.stats = pb.StatsReply(
        slots_total=8, adapters=[held(two, "gpu"), held("f" * 64, "gpu")]
    )
    async with gateways([worker, second_worker]) as gateway:
        answer = await get(gateway, "/v1/status", alice.key)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["healthy"] is True
    assert body["workers"] == [
        {"name": "worker-1", "base_model": worker.base, "healthy": True, "running": 3,
         "queue": 2, "slots_used": 0, "slots_total": 8},
        {"name": "worker-2", "base_model": worker.base, "healthy": True, "running": 0,
         "queue": 0, "slots_used": 2, "slots_total": 8},
    ]  # fmt: skip
    assert [(a["model"], a["place"], a["workers_on_gpu"]) for a in body["adapters"]] == [
        (f"{alice.slug}/sales@1", "remote", 0),
        (f"{alice.slug}/support@2", "gpu", 1),
        (f"{alice.slug}/support@1", "disk", 0),
    ]
    assert three not in answer.text


async def test_a_stranger_sees_no_names(gateways: Any, worker: Any, alice: Any, bob: Any) -> None:
    (digest,) = alice.adapter("support")
    worker.stats = pb.StatsReply(slots_total=8, adapters=[held(digest, "gpu")])
    async with gateways([worker]) as gateway:
        answer = await get(gateway, "/v1/status", bob.key)
    assert answer.json()["adapters"] == []
    for secret in (digest, "support", alice.slug, worker.target):
        assert secret not in answer.text


async def test_a_worker_that_is_gone(gateways: Any, worker: Any, alice: Any) -> None:
    async with gateways([worker]) as gateway:
        assert (await get(gateway, "/v1/status", alice.key)).json()["healthy"] is True
        await worker.kill()
        for _ in range(600):
            body = (await get(gateway, "/v1/status", alice.key)).json()
            if not body["healthy"]:
                break
            await asyncio.sleep(0.05)
    assert body["workers"][0]["healthy"] is False
    assert body["workers"][0]["base_model"] == worker.base


async def test_many_looks_are_one_question(gateways: Any, worker: Any, alice: Any) -> None:
    async with gateways([worker]) as gateway:
        survey = gateway.services.fleet.survey
        states = await asyncio.gather(*(survey.take() for _ in range(50)))
    assert worker.stats_asked == 1
    assert all(state is states[0] for state in states)


async def test_no_workers(gateways: Any, alice: Any) -> None:
    async with gateways([]) as gateway:
        body = (await get(gateway, "/v1/status", alice.key)).json()
    assert (body["healthy"], body["workers"]) == (False, [])


async def test_the_operators_workers(
    gateways: Any, worker: Any, alice: Any, bob: Any, staff: str
) -> None:
    (digest,) = alice.adapter("support")
    worker.stats = pb.StatsReply(
        slots_total=8, blocks_total=100, blocks_free=60, steps=10, steps_mixed=4,
        steps_by_adapters={1: 6, 2: 4}, completion_tokens=77, uptime_s=2.5,
        adapters=[held(digest, "gpu", requests=5), held("f" * 64, "disk")],
    )  # fmt: skip
    async with gateways([worker]) as gateway:
        refused = await get(gateway, "/v1/operator/workers", bob.key)
        answer = await get(gateway, "/v1/operator/workers", staff)
    assert refused.status_code == 403
    (row,) = answer.json()["data"]
    assert (row["target"], row["healthy"], row["slots_used"]) == (worker.target, True, 1)
    assert (row["blocks_free"], row["blocks_total"]) == (60, 100)
    assert row["counters"]["steps_by_adapters"] == {"1": 6, "2": 4}
    assert row["counters"]["completion_tokens"] == 77
    assert [(a["models"], a["place"], a["requests"]) for a in row["adapters"]] == [
        ([f"{alice.slug}/support@1"], "gpu", 5),
        ([], "disk", 0),
    ]
