"""Whatever is sent to whichever described address: an answer below 500, in the one error shape."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

pytestmark = pytest.mark.django_db

BODIES = [
    b"", b"{", b"[]", b"7", b'"x"', b"null", b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000,
    b'{"name": "\\ud800"}', b'{"role": "\\udfff"}', "{}".encode("utf-16"),
]  # fmt: skip
VALUES: list[Any] = [
    "", "\0", "a\0b", "x" * 5000, "../../etc/passwd", "NaN", "1e999", "-1", "٣", "\u202e",
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", 0, -1, 2**31, 2**63, 10**300, 1.5,
    True, None, [], [[]], {}, {"\0": "\0"}, ["x"] * 1000,
]  # fmt: skip
QUERIES = [
    "", "%00", "%ff", "99999999999999999999", "-1", "NaN", "x" * 3000, "nothing,model",
    "0001-01-01T00:00:00%2B23:59", "9999-12-31T23:59:59-23:59",
]  # fmt: skip
PLACES = ["%00", "%ff", "%ed%a0%80", "99999999999999999999", "-1", "0", "x" * 3000, "%F0%9F%92%A5"]


@pytest.fixture
def operator(alice: Any) -> Any:
    """An owner who is staff, signed in: nothing is out of reach."""
    alice.user.is_staff = True
    alice.user.save()
    signed_in = alice.signed_in()
    signed_in.api.force_login(alice.user)
    signed_in.api.raise_request_exception = False
    return signed_in.api


class Described:
    """The operations of the API's own document, each with a body that has its fields."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                if (path, method) != ("/v1/account", "delete"):  # it would succeed
                    yield path, method, operation

    def body(self, operation: dict[str, Any]) -> Any:
        content = operation.get("requestBody", {}).get("content", {})
        found = content.get("application/json")
        return None if found is None else self._example(found["schema"])

    def _example(self, schema: dict[str, Any]) -> Any:
        if "$ref" in schema:
            return self._example(
                self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
            )
        for several in ("allOf", "oneOf", "anyOf"):
            if several in schema:
                return self._example(schema[several][0])
        if "properties" in schema:
            return {name: self._example(field) for name, field in schema["properties"].items()}
        return schema.get("enum", ["x"])[0]


@pytest.fixture
def described(client: Any) -> Described:
    return Described(client.get("/v1/openapi.json").json())


@pytest.fixture
def ask(operator: Any) -> Any:
    """ask(method, address, body): the answer, after a look at its status and shape."""

    def call(method: str, address: str, body: bytes | None = None, **headers: str) -> Any:
        extra = {"content_type": "application/json"} if body is not None else {}
        answer = operator.generic(method.upper(), address, body or b"", **extra, **headers)
        asked = (method, address[:80], (body or b"")[:60])
        assert answer.status_code < 500 or answer.status_code == 501, asked
        if answer.status_code >= 400:
            error = answer.json()["error"]
            assert set(error) == {"message", "type", "param", "code"}, asked
            assert error["message"] and error["code"], asked
        return answer

    return call


def filled(path: str, value: str = "1") -> str:
    return "/".join(value if part.startswith("{") else part for part in path.split("/"))


def test_addresses(ask: Any, described: Described) -> None:
    for path, method, _ in described.operations():
        if "{" in path:
            for place in PLACES:
                ask(method, filled(path, place))


def test_queries(ask: Any, described: Described) -> None:
    for path, method, operation in described.operations():
        names = [p["name"] for p in operation.get("parameters", []) if p["in"] == "query"]
        for name in names if method == "get" else ():
            for value in QUERIES:
                ask(method, f"{filled(path)}?{name}={value}")


def test_whole_bodies(ask: Any, described: Described) -> None:
    for path, method, operation in described.operations():
        if described.body(operation) is not None:
            for body in BODIES:
                ask(method, filled(path), body)


def test_fields(ask: Any, described: Described) -> None:
    for path, method, operation in described.operations():
        example = described.body(operation)
        for field in example if isinstance(example, dict) else ():
            for value in VALUES:
                ask(method, filled(path), json.dumps({**example, field: value}).encode())


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "a;;b", "\0", "*/*;q=0"])
def test_what_a_client_accepts_is_a_wish(accept: str, ask: Any) -> None:
    for address in ("/v1/keys", "/v1/usage", "/v1/nothing"):
        assert ask("get", address, HTTP_ACCEPT=accept).headers["content-type"] == "application/json"


def test_a_form_that_there_is_not(ask: Any) -> None:
    answer = ask("get", "/v1/usage?format=xml")
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "format"
    assert "csv" in answer.json()["error"]["message"]


@pytest.mark.parametrize("address", ["/v1", "/v1/", "/v1/x%00", "/auth/x", "/_allauth/x"])
def test_addresses_of_no_api(address: str, ask: Any) -> None:
    assert ask("get", address).status_code == 404


@pytest.mark.parametrize("address", ["http://here//v1/models", "http://here//", "/%00"])
def test_addresses_of_no_page(address: str, client: Any) -> None:
    client.raise_request_exception = False
    assert client.get(address).status_code == 404


def test_a_host_that_is_not_served(ask: Any) -> None:
    assert ask("get", "/v1/keys", HTTP_HOST="evil.example").status_code == 400


@pytest.mark.parametrize("method", ["get", "post", "put"])
@pytest.mark.parametrize("place", ["account/phone", "auth/phone/verify"])
def test_nobody_signs_in_by_telephone(method: str, place: str, ask: Any) -> None:
    assert ask(method, f"/_allauth/browser/v1/{place}", b"{}").status_code == 404


def test_a_sign_in_that_is_nested_without_end(ask: Any) -> None:
    answer = ask("post", "/_allauth/browser/v1/auth/login", b"[" * 100_000)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_json")
