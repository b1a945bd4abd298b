"""Adapters, versions and aliases: made, seen, pointed, deleted."""

from typing import Any

import pytest
from motet_platform.adapters.models import Adapter, State, Version
from motet_platform.adapters.testing import good
from motet_platform.outbox.models import Task


def make(person: Any, name: str = "support", **fields: Any) -> Any:
    body = {"name": name, "base_model": "tiny", **fields}
    return person.api.post("/v1/adapters", body, format="json")


def put(person: Any, alias: str, targets: Any) -> Any:
    url = f"/v1/adapters/support/aliases/{alias}"
    return person.api.put(url, {"targets": targets}, format="json")


def test_it_works(alice: Any, base: Any) -> None:
    made = make(alice, description="Answers tickets.")
    assert made.status_code == 201
    body = made.json()
    assert body["model"] == "acme/support"
    assert body["base_model"] == "tiny"
    assert (body["versions"], body["aliases"]) == ([], [])
    assert alice.api.get("/v1/adapters/support").json() == body
    assert alice.api.get("/v1/adapters").json()["data"] == [body]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": "Support"}, "invalid_request"),
        ({"name": "a/b"}, "invalid_request"),
        ({"name": "a@1"}, "invalid_request"),
        ({"name": "a:b"}, "invalid_request"),
        ({"name": "a\n"}, "adapter_made"),  # DRF trims it
        ({"name": "x" * 65}, "invalid_request"),
        ({"base_model": "gpt-9"}, "model_not_found"),
    ],
)
def test_names(fields: dict[str, str], code: str, alice: Any, base: Any, error_of: Any) -> None:
    answer = make(alice, **{"name": "support", **fields})
    assert (answer.status_code == 201) == (code == "adapter_made")
    if answer.status_code != 201:
        assert error_of(answer) == code


def test_a_name_is_taken_once_and_free_after_deletion(
    alice: Any, charlie: Any, base: Any, error_of: Any
) -> None:
    assert make(alice).status_code == 201
    again = make(alice)
    assert (again.status_code, error_of(again)) == (400, "adapter_exists")
    assert make(charlie).status_code == 201
    assert alice.api.delete("/v1/adapters/support").status_code == 204
    assert alice.api.get("/v1/adapters/support").status_code == 404
    assert make(alice).status_code == 201
    assert Adapter.objects.count() == 3


def test_scopes(alice: Any, base: Any, error_of: Any) -> None:
    reader = alice.with_key(scopes=["adapters:read"])
    assert reader.api.get("/v1/adapters").status_code == 200
    for answer in (make(reader), reader.api.delete("/v1/adapters/support")):
        assert (answer.status_code, error_of(answer)) == (403, "missing_scope")
    writer = alice.with_key(scopes=["adapters:write"])
    assert make(writer).status_code == 201
    assert writer.api.get("/v1/adapters").status_code == 403


def test_paging(alice: Any, base: Any) -> None:
    for name in "abc":
        make(alice, name)
    first = alice.api.get("/v1/adapters?limit=2").json()
    second = alice.api.get(f"/v1/adapters?limit=2&after={first['next']}").json()
    assert [a["name"] for a in first["data"] + second["data"]] == ["c", "b", "a"]


class TestAliases:
    def test_a_split(self, alice: Any, ready: Any) -> None:
        ready(alice, seed=1), ready(alice, seed=2)
        targets = [{"version": 1, "weight": 90}, {"version": 2, "weight": 10}]
        answer = put(alice, "prod", targets)
        assert answer.status_code == 200, answer.json()
        assert answer.json()["model"] == "acme/support:prod"
        assert answer.json()["targets"] == targets
        assert put(alice, "prod", [{"version": 2}]).json()["targets"] == [
            {"version": 2, "weight": 1}
        ]
        listed = alice.api.get("/v1/adapters/support/aliases").json()["data"]
        assert [a["alias"] for a in listed] == ["default", "prod"]

    def test_default_by_hand_and_back(self, alice: Any, ready: Any) -> None:
        ready(alice, seed=1), ready(alice, seed=2)
        assert put(alice, "default", [{"version": 1}]).json()["follows_newest"] is False
        ready(alice, seed=3)
        url = "/v1/adapters/support/aliases/default"
        assert alice.api.get(url).json()["targets"] == [{"version": 1, "weight": 1}]
        assert alice.api.delete(url).status_code == 204
        assert alice.api.get(url).json()["targets"] == [{"version": 3, "weight": 1}]
        assert alice.api.get(url).json()["follows_newest"] is True

    @pytest.mark.parametrize(
        ("targets", "code"),
        [
            ([], "invalid_request"),
            ([{"version": 2}], "version_not_ready"),
            ([{"version": 9}], "version_not_ready"),
            ([{"version": 1}, {"version": 1}], "invalid_request"),
            ([{"version": 1, "weight": 0}], "invalid_request"),
            ([{"version": 1, "weight": 10**12}], "invalid_request"),
            ([{"version": 1}] * 11, "invalid_request"),
            ("1", "invalid_request"),
        ],
    )
    def test_refused(
        self, targets: Any, code: str, alice: Any, ready: Any, upload: Any, error_of: Any
    ) -> None:
        ready(alice, seed=1)
        upload(alice)  # version 2, still validating
        answer = put(alice, "prod", targets)
        assert (answer.status_code, error_of(answer)) == (400, code)
        assert alice.api.get("/v1/adapters/support/aliases/prod").status_code == 404

    @pytest.mark.parametrize("name", ["Prod", "1st", "a_b", "x" * 33, "-", "a@b"])
    def test_names(self, name: str, alice: Any, ready: Any, error_of: Any) -> None:
        ready(alice)
        answer = put(alice, name, [{"version": 1}])
        assert answer.status_code == 400
        error_of(answer)


class TestDeletion:
    def test_of_an_adapter_takes_its_files(
        self, alice: Any, ready: Any, work: Any, files_left: Any, error_of: Any
    ) -> None:
        ready(alice)
        assert alice.api.delete("/v1/adapters/support").status_code == 204
        assert alice.api.get("/v1/adapters/support").status_code == 404
        assert len(files_left()) == 2, "a request that was let in may still be loading them"
        Task.objects.filter(done_at=None).update(available_at="2020-01-01T00:00Z")
        work()
        assert files_left() == []

    def test_of_shared_bytes_leaves_the_others(
        self, alice: Any, charlie: Any, ready: Any, work: Any, files_left: Any
    ) -> None:
        mine, theirs = ready(alice, seed=1), ready(charlie, seed=1)
        assert mine["digest"] == theirs["digest"]
        alice.api.delete("/v1/adapters/support")
        Task.objects.filter(done_at=None).update(available_at="2020-01-01T00:00Z")
        work()
        assert len(files_left()) == 2
        assert charlie.api.get("/v1/adapters/support/versions/1").json()["state"] == "ready"

    def test_of_a_version_moves_default_back(self, alice: Any, ready: Any) -> None:
        ready(alice, seed=1), ready(alice, seed=2)
        assert alice.api.delete("/v1/adapters/support/versions/2").status_code == 204
        assert alice.api.get("/v1/adapters/support/versions/2").status_code == 404
        url = "/v1/adapters/support/aliases/default"
        assert alice.api.get(url).json()["targets"] == [{"version": 1, "weight": 1}]
        assert alice.api.delete("/v1/adapters/support/versions/1").status_code == 204
        assert alice.api.get(url).status_code == 404

    def test_of_a_version_in_use_is_refused(self, alice: Any, ready: Any, error_of: Any) -> None:
        ready(alice, seed=1), ready(alice, seed=2)
        put(alice, "prod", [{"version": 1}])
        answer = alice.api.delete("/v1/adapters/support/versions/1")
        assert (answer.status_code, error_of(answer)) == (400, "version_in_use")
        alice.api.delete("/v1/adapters/support/aliases/prod")
        assert alice.api.delete("/v1/adapters/support/versions/1").status_code == 204

    def test_a_number_is_never_used_again(self, alice: Any, ready: Any) -> None:
        ready(alice, seed=1)
        alice.api.delete("/v1/adapters/support/versions/1")
        assert ready(alice, seed=1)["version"] == 2


def test_notices_to_gateways(alice: Any, ready: Any, transactional_db: None) -> None:
    import psycopg
    from django.db import connection

    settings = connection.get_connection_params()
    settings.pop("cursor_factory", None), settings.pop("context", None)
    with psycopg.connect(**settings, autocommit=True) as listener:
        listener.execute("LISTEN motet_routes")
        ready(alice)
        notices = {n.payload for n in listener.notifies(timeout=5, stop_after=1)}
    assert notices <= {str(alice.account.pk), "0"} and notices


def test_versions_are_counted_per_adapter(alice: Any, ready: Any) -> None:
    ready(alice, name="a"), ready(alice, name="b")
    assert set(Version.objects.values_list("adapter__name", "number")) == {("a", 1), ("b", 1)}


def test_a_list_shows_the_newest_versions_and_says_how_many_there_are(
    alice: Any, base: Any
) -> None:
    make(alice)
    adapter = Adapter.objects.get()
    Version.objects.bulk_create(
        Version(
            adapter=adapter,
            number=number,
            state=State.READY,
            size=1,
            digest=f"{number:064}",
            uri="file:///x",
            rank=1,
        )
        for number in range(1, 31)
    )
    (listed,) = alice.api.get("/v1/adapters").json()["data"]
    assert listed["version_count"] == 30
    assert [version["version"] for version in listed["versions"]] == list(range(30, 10, -1))
    whole = alice.api.get("/v1/adapters/support").json()
    assert (whole["version_count"], len(whole["versions"])) == (30, 30)


def test_of_refused_versions_the_newest_stay(alice: Any, upload: Any, work: Any) -> None:
    upload(alice)
    adapter = Adapter.objects.get()
    Version.objects.bulk_create(
        Version(adapter=adapter, number=number, state=State.REJECTED, size=1, error_code="x")
        for number in range(2, 40)
    )
    assert upload(alice, good(seed=5)).status_code == 202
    versions = alice.api.get("/v1/adapters/support/versions").json()["data"]
    assert [version["version"] for version in versions] == [40, *range(39, 19, -1), 1]


def test_an_adapter_has_so_many_versions(alice: Any, upload: Any, error_of: Any) -> None:
    upload(alice)
    adapter = Adapter.objects.get()
    Version.objects.bulk_create(
        Version(
            adapter=adapter,
            number=number,
            state=State.READY,
            size=1,
            digest=f"{number:064}",
            uri="file:///x",
            rank=1,
        )
        for number in range(2, 201)
    )
    refused = upload(alice, good(seed=5))
    assert (refused.status_code, error_of(refused)) == (400, "too_many_versions")
    assert alice.api.delete("/v1/adapters/support/versions/7").status_code == 204
    assert upload(alice, good(seed=5)).status_code == 202
