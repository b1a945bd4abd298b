"""An account that has been lived in: something stands on every page. No test lives here."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
from motet_inference.tiny import ADAPTERS
from motet_platform.supervisor.testing import LivePlatform, until

FILES = {"adapter_config": "adapter_config.json", "adapter_model": "adapter_model.safetensors"}
PROMPTS = {
    "motet-tiny": ["Where is the harbour?", "What is 12 plus 30?", "Is the kettle in stock?"],
    "demo/pirate": ["Where is the harbour?", "Do you sell lamps?", "What is 7 plus 8?"],
    "demo/sql": ["How many customers are there?", "List the names of all products."],
    "demo/triage": ["Hello, the kettle arrived broken. My order number is A-4821. Thanks, Tamsin"],
}
CALLS = 60


def live_in(platform: LivePlatform) -> str:
    """Fills the demo account by its API, with real calls; the id of one of their requests."""
    demo = platform.demo
    bearer = {"authorization": f"Bearer {demo['api_key']}"}
    with httpx.Client(
        base_url=demo["base_url"], headers=bearer, timeout=60, trust_env=False
    ) as api:
        keys = [_post(api, "/keys", body)["key"] for body in _keys(api)]
        _delete_last_key(api)
        _versions(api)
        _post(api, "/invitations", {"email": "bea@example.com", "role": "developer"})
        cap = {"account": {"limit": "50", "period": "month"}}
        api.put("/billing/caps", json=cap).raise_for_status()
        requests = _calls(demo["base_url"], keys[:3])
        until(lambda: _counted(api) >= CALLS, "the calls are in the usage", timeout=30)
    return requests[-1]


def _keys(api: httpx.Client) -> list[dict[str, Any]]:
    robot = _post(api, "/service-accounts", {"name": "nightly-eval", "role": "developer"})
    return [
        {"name": "shop", "scopes": ["inference"], "models": ["demo/pirate", "motet-tiny"],
         "spend_cap": {"limit": "0.001", "period": "day"}},
        {"name": "helpdesk", "scopes": ["inference", "usage"]},
        {"name": "evaluation", "scopes": ["inference"], "service_account": robot["id"],
         "expires_at": "2099-01-01T00:00:00Z"},
        {"name": "intern", "scopes": ["inference"]},
    ]  # fmt: skip


def _delete_last_key(api: httpx.Client) -> None:
    keys = api.get("/keys").raise_for_status().json()["data"]
    intern = next(key for key in keys if key["name"] == "intern")
    api.delete(f"/keys/{intern['id']}").raise_for_status()


def _versions(api: httpx.Client) -> None:
    """A second version of one adapter, and one that the gate refuses."""
    source = ADAPTERS["pirate"]
    files = {part: (name, (source / name).read_bytes()) for part, name in FILES.items()}
    config = json.loads(files["adapter_config"][1])
    gentle = json.dumps(config | {"lora_alpha": config["lora_alpha"] * 0.9}).encode()
    _upload(api, "pirate", files | {"adapter_config": ("adapter_config.json", gentle)})
    stable = {"targets": [{"version": 1, "weight": 1}]}
    api.put("/adapters/pirate/aliases/prod", json=stable).raise_for_status()
    _post(api, "/adapters", {"name": "draft", "base_model": "motet-tiny"})
    wrong = json.dumps(config | {"r": 4}).encode()
    _upload(api, "draft", files | {"adapter_config": ("adapter_config.json", wrong)})


def _upload(api: httpx.Client, name: str, files: dict[str, tuple[str, bytes]]) -> None:
    answer = api.post(f"/adapters/{name}/versions", files=files).raise_for_status()
    path = f"/adapters/{name}/versions/{answer.json()['version']}"
    until(lambda: api.get(path).json()["state"] in ("ready", "rejected"), f"{name} is decided on")


def _calls(base_url: str, secrets: list[str]) -> list[str]:
    chance = random.Random(7)

    def call(number: int) -> str:
        secret = secrets[number % len(secrets)]
        models = ["motet-tiny", "demo/pirate"] if number % len(secrets) == 0 else list(PROMPTS)
        model = models[number // len(secrets) % len(models)]
        prompt = PROMPTS[model][number % len(PROMPTS[model])]
        with httpx.Client(timeout=60, trust_env=False) as client:
            answer = client.post(
                f"{base_url}/chat/completions",
                headers={"authorization": f"Bearer {secret}"},
                json={
                    "model": model,
                    "messages": [{"role": "user", "content": prompt}],
                    "max_tokens": lengths[number],
                    "stream": True,
                },
            )
        answer.raise_for_status()
        return answer.headers["x-request-id"]

    lengths = [chance.randrange(8, 80) for _ in range(CALLS)]
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(call, range(CALLS)))


def _counted(api: httpx.Client) -> int:
    return int(api.get("/usage").raise_for_status().json()["total"]["requests"])


def _post(api: httpx.Client, path: str, body: dict[str, Any]) -> Any:
    answer = api.post(path, json=body)
    assert answer.is_success, answer.text
    return answer.json()


def adapter_files(name: str) -> list[Path]:
    """The two files of a shipped adapter."""
    return [ADAPTERS[name] / file for file in FILES.values()]
