"""Hostile adapters are refused by their own codes through the real API; the worker never hears."""

import json
from collections.abc import Callable

import grpc
import httpx
import openai
import pytest
from motet_inference.rpc import worker_pb2 as pb
from motet_inference.rpc import worker_pb2_grpc
from motet_inference.tiny import BASE
from motet_platform.adapters.testing import HOSTILE, Files
from motet_platform.supervisor.testing import LivePlatform, until

CONFIG = json.loads((BASE / "config.json").read_text())


def upload(api: httpx.Client, files: Files) -> tuple[str, str]:
    """State and error code in the end, whether refused at once or after validation."""
    reply = api.post(
        "/adapters/bad/versions",
        files={
            "adapter_config": ("adapter_config.json", files.config),
            "adapter_model": ("adapter_model.safetensors", files.model),
        },
    )
    if reply.status_code != 202:
        assert 400 <= reply.status_code < 500, reply.text
        return "rejected", reply.json()["error"]["code"]
    number = reply.json()["version"]
    shown = {}

    def done() -> bool:
        shown.update(api.get(f"/adapters/bad/versions/{number}").json())
        return shown["state"] in ("ready", "rejected")

    until(done, "the gate's word")
    return shown["state"], (shown.get("error") or {}).get("code", "")


def test_each_is_refused_and_the_worker_is_never_told(
    platform: LivePlatform,
    new_client: Callable[[], openai.OpenAI],
    manage: Callable[..., httpx.Client],
) -> None:
    api = manage(new_client())
    made = api.post("/adapters", json={"name": "bad", "base_model": "motet-tiny"})
    assert made.status_code == 201, made.text

    def known() -> set[str]:
        with grpc.insecure_channel(platform.worker_address) as channel:
            stats = worker_pb2_grpc.WorkerStub(channel).Stats(pb.StatsRequest(), timeout=10)
            return {adapter.digest for adapter in stats.adapters}

    before = known()
    codes = {name: code for name, (code, _) in HOSTILE.items()}
    assert len(set(codes.values())) >= 40
    found = {name: upload(api, make(CONFIG)) for name, (_, make) in HOSTILE.items()}
    assert found == {name: ("rejected", code) for name, code in codes.items()}
    assert known() == before
    assert "bad" not in api.get("/models").text


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"adapter_config": b"{}"}, "one file missing"),
        ({"adapter_config": b"{}", "adapter_model": b"", "extra": b""}, "one file too many"),
        ({}, "none"),
    ],
)
def test_exactly_two_files(
    parts: dict[str, bytes], why: str, bob: openai.OpenAI, manage: Callable[..., httpx.Client]
) -> None:
    api = manage(bob)
    api.post("/adapters", json={"name": "parts", "base_model": "motet-tiny"})
    files = {name: (name, data) for name, data in parts.items()}
    reply = api.post("/adapters/parts/versions", files=files)
    assert 400 <= reply.status_code < 500, why
    assert reply.json()["error"]["code"]
