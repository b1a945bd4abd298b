"""Everything that the sandbox remembers: objects by id, stored answers, events, the clock."""

import json
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .errors import missing

Object = dict[str, Any]


class Store:
    """One Stripe account. Callers hold `lock`; `file`, where given, survives a restart."""

    def __init__(self, file: Path | None = None) -> None:
        self.lock = threading.RLock()
        self.file = file
        self.objects: dict[str, Object] = {}
        self.answers: dict[str, tuple[str, int, Object]] = {}  # idempotency key: what was answered
        self.clock_s = 0  # how far ahead of the real time
        self.tax_percent = 0
        self.base_url = ""
        self.on_event: Callable[[Object], None] = lambda event: None
        if file is not None and file.exists():
            saved = json.loads(file.read_text())
            self.objects, self.clock_s = saved["objects"], saved["clock_s"]

    def now(self) -> int:
        return int(time.time()) + self.clock_s

    def new(self, kind: str, prefix: str, **fields: Any) -> Object:
        """A new object of this kind, remembered."""
        key = f"{prefix}_{secrets.token_hex(12)}"
        made = {"id": key, "object": kind, "created": self.now(), "livemode": False, **fields}
        self.objects[key] = made
        return made

    def get(self, kind: str, key: str) -> Object:
        """Stripe's 404 where there is no such object."""
        found = self.objects.get(key)
        if found is None or found["object"] != kind:
            raise missing(kind, key)
        return found

    def all(self, kind: str, **wanted: Any) -> list[Object]:
        """Newest first; `wanted` are fields that must be equal, None for any."""
        equal = {name: value for name, value in wanted.items() if value is not None}
        return [
            made
            for made in reversed(self.objects.values())
            if made["object"] == kind and all(made.get(k) == v for k, v in equal.items())
        ]

    def page(self, kind: str, params: Object, *filters: str) -> Object:
        """A list answer, with the cursor and the filters that the request names."""
        found = self.all(kind, **{name: params.get(name) for name in filters})
        if isinstance(since := params.get("created"), dict) and "gte" in since:
            found = [made for made in found if made["created"] >= since["gte"]]
        return paged(found, params, f"/v1/{kind}s")

    def event(self, kind: str, subject: Object) -> None:
        """Something happened to `subject`, which is copied as it is now."""
        event = self.new(
            "event", "evt",
            type=kind, api_version="2026-10-28.endive", pending_webhooks=1,
            request={"id": None, "idempotency_key": None},
            data={"object": json.loads(json.dumps(subject))},
        )  # fmt: skip
        self.on_event(event)

    def save(self) -> None:
        if self.file is not None:
            fresh = self.file.with_suffix(".new")
            fresh.write_text(json.dumps({"objects": self.objects, "clock_s": self.clock_s}))
            fresh.replace(self.file)


def paged(found: list[Object], params: Object, url: str) -> Object:
    """A list answer: what comes after the request's cursor, up to its limit."""
    if after := params.get("starting_after"):
        keys = [made["id"] for made in found]
        found = found[keys.index(after) + 1 :] if after in keys else []
    limit = params.get("limit", 10)
    return {"object": "list", "data": found[:limit], "has_more": len(found) > limit, "url": url}
