"""Keys of other people: Alice owns the account, Bob is a developer, and then manages the team."""

from typing import Any

import pytest

pytestmark = pytest.mark.django_db


@pytest.fixture
def hers(alice: Any) -> Any:
    return alice.with_key(name="prod", scopes=["inference", "adapters:read"])


@pytest.mark.parametrize("at_dashboard", [True, False])
def test_a_developer_leaves_it_alone(
    at_dashboard: bool, hers: Any, bob: Any, error_of: Any
) -> None:
    asks = bob.signed_in() if at_dashboard else bob.with_key(scopes=["keys", *hers.key.scopes])
    url = f"/v1/keys/{hers.key.pk}"
    for answer in (
        asks.api.post(f"{url}/rotate"),
        asks.api.delete(url),
        asks.api.patch(url, {"spend_cap": {"limit": "0"}}, format="json"),
    ):
        assert (answer.status_code, error_of(answer)) == (403, "key_of_another")
    assert hers.api.get("/v1/adapters").status_code == 200


def test_a_developer_does_nothing_to_one_that_may_do_more(
    alice: Any, bob: Any, error_of: Any
) -> None:
    asks, url = bob.signed_in(), f"/v1/keys/{alice.key.pk}"
    for answer in (
        asks.api.delete(url),
        asks.api.patch(url, {"spend_cap": {"limit": "0"}}, format="json"),
    ):
        assert (answer.status_code, error_of(answer)) == (403, "key_exceeds_parent")
    assert alice.api.get(url).json()["revoked_at"] is None


def test_who_manages_the_team_caps_and_ends_it_and_never_has_its_secret(
    hers: Any, bob: Any, error_of: Any
) -> None:
    asks, url = bob.signed_in("admin"), f"/v1/keys/{hers.key.pk}"
    rotated = asks.api.post(f"{url}/rotate")
    assert (rotated.status_code, error_of(rotated)) == (403, "key_of_another")
    capped = asks.api.patch(url, {"spend_cap": {"limit": "1"}}, format="json")
    assert capped.status_code == 200
    assert asks.api.delete(url).status_code == 204


def test_ones_own_are_ones_own(bob: Any) -> None:
    asks, mine = bob.signed_in(), bob.with_key(scopes=["inference"])
    url = f"/v1/keys/{mine.key.pk}"
    assert asks.api.patch(url, {"spend_cap": {"limit": "1"}}, format="json").status_code == 200
    assert asks.api.post(f"{url}/rotate").status_code == 200
    assert asks.api.delete(url).status_code == 204
