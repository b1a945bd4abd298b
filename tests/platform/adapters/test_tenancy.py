"""Charlie, a stranger, finds nothing of Alice's; Bob, her teammate, finds all of it."""

from typing import Any

import pytest

FILE = {"size": 1, "sha256": "0" * 64}
TARGETS = {"targets": [{"version": 1}]}
CALLS = [
    ("get", "", None),
    ("delete", "", None),
    ("get", "/versions", None),
    ("post", "/versions", {"adapter_config": FILE, "adapter_model": FILE}),
    ("post", "/import", {"hub": {"repository": "acme/lora"}}),
    ("get", "/versions/1", None),
    ("delete", "/versions/1", None),
    ("post", "/versions/1/complete", None),
    ("put", "/versions/1/parts/adapter_model", None),
    ("get", "/aliases", None),
    ("get", "/aliases/default", None),
    ("put", "/aliases/prod", TARGETS),
    ("delete", "/aliases/default", None),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_a_stranger_gets_404_as_for_a_name_that_nobody_has(
    method: str, path: str, body: Any, alice: Any, charlie: Any, ready: Any
) -> None:
    ready(alice)
    before = alice.api.get("/v1/adapters/support").json()
    call = getattr(charlie.api, method)
    real = call(f"/v1/adapters/support{path}", body, format="json")
    none = call(f"/v1/adapters/no-such{path}", body, format="json")
    assert real.status_code == none.status_code == 404
    assert real.json() == none.json()
    assert alice.api.get("/v1/adapters/support").json() == before


def test_a_stranger_lists_nothing(alice: Any, charlie: Any, ready: Any) -> None:
    ready(alice)
    assert charlie.api.get("/v1/adapters").json()["data"] == []


def test_a_teammate_works_with_it(alice: Any, bob: Any, ready: Any) -> None:
    ready(alice, seed=1)
    assert bob.api.get("/v1/adapters/support").json()["model"] == "acme/support"
    assert ready(bob, seed=2)["version"] == 2
    answer = bob.api.put("/v1/adapters/support/aliases/prod", TARGETS, format="json")
    assert answer.status_code == 200


def test_same_bytes_say_nothing_about_another_tenant(
    alice: Any, charlie: Any, ready: Any, upload: Any
) -> None:
    """Files are shared by content; that somebody else has them already does not show."""
    mine = ready(alice, seed=7)
    sent = upload(charlie)
    other = upload(charlie, name="other")
    theirs = ready(charlie, seed=7, name="third")
    assert sent.status_code == other.status_code == 202
    assert theirs["digest"] == mine["digest"]
    assert theirs["version"] == 1


def test_a_suspended_account_reaches_nothing(alice: Any, ready: Any, error_of: Any) -> None:
    from motet_platform.accounts.services import account_suspend

    ready(alice)
    account_suspend(account=alice.account, suspended=True)
    answer = alice.api.get("/v1/adapters/support")
    assert (answer.status_code, error_of(answer)) == (403, "account_suspended")
