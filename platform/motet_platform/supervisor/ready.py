"""Waits until the platform answers, and asks it what the demo account can call."""

import asyncio
from collections.abc import Callable, Sequence

import httpx

from .errors import UpError

INTERVAL_S = 0.1


async def wait_ready(url: str, check: Callable[[], None], *, patience: float) -> None:
    """Until `url`/readyz answers 200. `check` raises to give up early."""
    last = "no answer"
    async with httpx.AsyncClient(base_url=url, timeout=5, trust_env=False) as client:
        for _ in _attempts(patience):
            check()
            try:
                reply = await client.get("/readyz")
            except httpx.HTTPError as error:
                last = type(error).__name__
            else:
                if reply.status_code == 200:
                    return
                last = f"{reply.status_code} {reply.text[:200]}"
            await asyncio.sleep(INTERVAL_S)
    raise UpError(f"{url}/readyz is not ready after {patience:.0f} s: {last}")


async def wait_models(
    url: str, key: str, wanted: Sequence[str], check: Callable[[], None], *, patience: float
) -> list[str]:
    """Until GET /v1/models lists every model in `wanted`; returns all that it lists."""
    listed: list[str] = []
    headers = {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=url, timeout=5, trust_env=False) as client:
        for _ in _attempts(patience):
            check()
            try:
                reply = await client.get("/v1/models", headers=headers)
                reply.raise_for_status()
                listed = [model["id"] for model in reply.json()["data"]]
            except httpx.HTTPError:
                pass  # it answered /readyz, so this is a restart under way
            if set(wanted) <= set(listed):
                return listed
            await asyncio.sleep(INTERVAL_S)
    missing = ", ".join(sorted(set(wanted) - set(listed)))
    raise UpError(f"not ready after {patience:.0f} s: {missing}")


def _attempts(patience: float) -> range:
    return range(max(1, int(patience / INTERVAL_S)))
