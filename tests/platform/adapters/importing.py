"""An import as its tests ask for it, have it fetched and look at it. No test lives here."""

from typing import Any

from motet_platform.adapters.imports.run import import_run
from motet_platform.adapters.imports.services import import_claim
from motet_platform.adapters.testing import Files

from ...hub import FILES, StandIn

URL = "/v1/adapters/support"
TOKEN = "hf_only_for_this_test"
SIGNED = "X-Signature=0123456789abcdef"


def of(files: Files, folder: str = "") -> dict[str, bytes]:
    return {folder + FILES[0]: files.config, folder + FILES[1]: files.model}


def ask(person: Any, body: dict[str, Any] | None = None, **hub: Any) -> Any:
    body = body or {"hub": {"repository": "acme/lora", **hub}}
    return person.api.post(f"{URL}/import", body, format="json")


def urls(hub: StandIn) -> dict[str, Any]:
    parts = zip(("adapter_config", "adapter_model"), FILES, strict=True)
    return {"urls": {part: f"{hub.url}/files/{name}?{SIGNED}" for part, name in parts}}


def fetch() -> None:
    row = import_claim()
    assert row is not None
    import_run(row)


def shown(person: Any, number: int = 1) -> dict[str, Any]:
    found: dict[str, Any] = person.api.get(f"{URL}/versions/{number}").json()
    return found
