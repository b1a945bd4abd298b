"""A key with a spend cap or a rate limit: what it has is all that whoever has it can reach."""

from typing import Any

import pytest
from motet_billing.models import Cap
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db


def capped(alice: Any, **body: Any) -> Any:
    """A key of Alice's with a cap, as a client that has `id`."""
    made = alice.api.post(
        "/v1/keys",
        {"name": "agent", "spend_cap": {"limit": "10", "period": "none"}, **body},
        format="json",
    ).json()
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {made['key']}")
    client.id = made["id"]
    return client


def test_a_capped_key_makes_no_keys(alice: Any, error_of: Any) -> None:
    """Each would have the cap anew, however tight its own."""
    client = capped(alice)
    for cap in (None, {"limit": "10", "period": "none"}, {"limit": "1", "period": "none"}):
        answer = client.post("/v1/keys", {"name": "child", "spend_cap": cap}, format="json")
        assert (answer.status_code, error_of(answer)) == (403, "key_is_limited")
    assert "dashboard" in answer.json()["error"]["message"]


def test_a_capped_key_takes_over_no_other(alice: Any, error_of: Any) -> None:
    client, other = capped(alice, scopes=["keys"]), capped(alice, scopes=["keys"])
    url = f"/v1/keys/{other.id}"
    for answer in (
        client.post(f"{url}/rotate"),
        client.patch(url, {"spend_cap": None}, format="json"),
        client.delete(url),
    ):
        assert (answer.status_code, error_of(answer)) == (403, "key_is_limited")
    assert other.get(url).status_code == 200


@pytest.mark.parametrize(
    "cap", [None, {"limit": "11", "period": "none"}, {"limit": "10"}, {"limit": "1"}]
)
def test_a_capped_key_has_no_say_in_its_cap(alice: Any, error_of: Any, cap: Any) -> None:
    client = capped(alice)
    answer = client.patch(f"/v1/keys/{client.id}", {"spend_cap": cap}, format="json")
    assert (answer.status_code, error_of(answer)) == (403, "key_is_limited")


def test_a_capped_key_brings_nobody_in(alice: Any, error_of: Any) -> None:
    client = capped(alice)
    invited = {"email": "eve@x.example", "role": "developer"}
    for answer in (
        client.post("/v1/invitations", invited, format="json"),
        client.post("/v1/service-accounts", {"name": "ci"}, format="json"),
        client.delete(f"/v1/members/{alice.account.memberships.get().pk}"),
    ):
        assert (answer.status_code, error_of(answer)) == (403, "key_is_limited")


def test_a_rotated_key_has_spent_what_it_had(alice: Any) -> None:
    client = capped(alice)
    Cap.objects.update(spent=9 * 10**12)
    fresh = client.post(f"/v1/keys/{client.id}/rotate").json()
    assert (fresh["spend_cap"]["spent"], fresh["spend_cap"]["remaining"]) == ("9.00", "1.00")
    assert alice.api.delete(f"/v1/keys/{client.id}").status_code == 204


def test_a_capped_key_ends_itself(alice: Any) -> None:
    client = capped(alice)
    assert client.delete(f"/v1/keys/{client.id}").status_code == 204
    assert client.get("/v1/keys").status_code == 401


@pytest.mark.parametrize("rate", ["requests_per_minute", "tokens_per_minute"])
def test_a_key_with_a_rate_limit_makes_none(rate: str, alice: Any, error_of: Any) -> None:
    """Each would have the rate anew."""
    parent = alice.with_key(**{rate: 10})
    answer = parent.api.post("/v1/keys", {"name": "child", rate: 1}, format="json")
    assert (answer.status_code, error_of(answer)) == (403, "key_is_limited")
    assert parent.api.post(f"/v1/keys/{parent.key.pk}/rotate").status_code == 200
