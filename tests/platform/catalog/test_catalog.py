"""GET /v1/catalog."""

from typing import Any

import pytest
from motet_inference.tiny import BASE
from motet_platform.catalog.models import BaseModel
from motet_platform.catalog.services import PriceIn, base_add

pytestmark = pytest.mark.django_db


def test_it_works(alice: Any) -> None:
    base_add(name="tiny", folder=BASE, price=PriceIn(100_000, 50_000, 200_000))
    (entry,) = alice.api.get("/v1/catalog").json()["data"]
    assert entry["id"] == "tiny"
    assert entry["price"] == {"input": "0.10", "cached_input": "0.05", "output": "0.20"}
    assert entry["context_length"] == BaseModel.objects.get().context_length > 0
    assert {"chat", "streaming", "lora"} <= set(entry["capabilities"])
    assert entry["lora"]["max_rank"] == 64 and "q_proj" in entry["lora"]["projections"]


def test_what_is_switched_off_is_not_shown(alice: Any) -> None:
    base_add(name="tiny", folder=BASE, price=PriceIn(1, 1, 1))
    BaseModel.objects.update(active=False)
    assert alice.api.get("/v1/catalog").json()["data"] == []


def test_any_key_may_look(alice: Any, anonymous: Any) -> None:
    assert alice.with_key(scopes=["inference"]).api.get("/v1/catalog").status_code == 200
    assert anonymous.get("/v1/catalog").status_code == 401
