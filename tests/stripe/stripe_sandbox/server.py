"""HTTP: the API for the SDK, pages for the browser, /_test for tests. Loopback only."""

import hashlib
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

# Each registers the calls that it answers.
from . import (  # noqa: F401
    browser,
    checkout,
    contract,
    customers,
    disputes,
    faults,
    form,
    invoices,
    meters,
    payments,
    portal,
    refunds,
    routes,
)
from .control import Control
from .errors import StripeError
from .faults import Faults
from .store import Object, Store
from .webhooks import Courier


class Sandbox(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, courier: Courier, file: Path | None = None) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.store = Store(file)
        self.store.base_url = f"http://127.0.0.1:{self.server_address[1]}"
        self.store.on_event = courier.take
        self.courier = courier
        self.faults = Faults()
        self.control = Control(self.store, courier, self.faults)

    def api(self, method: str, path: str, values: Object, key: str | None) -> tuple[int, Object]:
        """One call of the SDK: status and body. A key that was used gets the first answer."""
        endpoint, variables = contract.match(method, path)
        params = contract.check(endpoint, values)
        asked = hashlib.sha256(json.dumps([method, path, values]).encode()).hexdigest()
        if key is not None and (known := self.store.answers.get(key)):
            return _replay(known, asked)
        how = self.faults.next(method, path)
        faults.before(how)
        status, body = _run(self.store, endpoint, params, variables)
        self.store.save()
        if how == "500_after":
            # Stripe keeps the answer of the first run, a 500 too: the same key never tells more.
            status, body = 500, {"error": {"type": "api_error", "message": "An error."}}
        if key is not None:
            self.store.answers[key] = (asked, status, body)
        if how == "hangup_after":
            raise ConnectionAbortedError
        return status, body


class Handler(BaseHTTPRequestHandler):
    server: Sandbox
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: else 40 ms wait between them

    def do_GET(self) -> None:
        self._serve("GET", "")

    def do_DELETE(self) -> None:
        self._serve("DELETE", "")

    def do_POST(self) -> None:
        size = int(self.headers.get("content-length") or 0)
        self._serve("POST", self.rfile.read(size).decode())

    def _serve(self, method: str, body: str) -> None:
        address = urlsplit(self.path)
        try:
            with self.server.store.lock:
                self._route(method, address.path, address.query, body)
        except StripeError as error:
            self._json(error.status, error.body)
        except ConnectionAbortedError:
            self.close_connection = True  # done, and nobody is told
        except TypeError as error:
            self._json(400, {"error": {"type": "invalid_request_error", "message": str(error)}})

    def _route(self, method: str, path: str, query: str, body: str) -> None:
        if path.startswith("/_test/"):
            answer = self.server.control(path.removeprefix("/_test/"), json.loads(body or "{}"))
            self.server.store.save()
            self._json(200, answer)
        elif path.startswith(("/v1/", "/v2/")):
            if not self.headers.get("authorization", "").startswith("Bearer sk_test_"):
                raise StripeError(401, "invalid_request_error", "Give a key: sk_test_...")
            values = form.decode(query if method == "GET" else body)
            key = self.headers.get("idempotency-key")
            self._json(*self.server.api(method, path, values, key))
        else:
            self._browse(method, path, body)

    def _browse(self, method: str, path: str, body: str) -> None:
        store = self.server.store
        if method == "GET":
            answer = browser.get(store, path)
        else:
            answer = browser.post(store, path, dict(parse_qsl(body)))
            store.save()
        if answer is None:
            raise StripeError(404, "invalid_request_error", "There is no page at this address.")
        headers = {"location": answer.location} if answer.location else {}
        self._send(answer.status, answer.html.encode(), "text/html; charset=utf-8", headers)

    def _json(self, status: int, value: Any) -> None:
        # SDKs retry server errors by themselves; Stripe tells them not to where it is certain.
        headers = {"stripe-should-retry": "false"} if status == 501 else {}
        self._send(status, json.dumps(_public(value)).encode(), "application/json", headers)

    def _send(self, status: int, body: bytes, kind: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, text in {"content-type": kind, "request-id": "req_sandbox", **headers}.items():
            self.send_header(name, text)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        return  # webhooks and calls are in /_test/log; a line per request helps nobody


def _run(
    store: Store, endpoint: contract.Endpoint, params: Object, variables: dict[str, str]
) -> tuple[int, Object]:
    try:
        return 200, json.loads(json.dumps(routes.call(endpoint, store, params, variables)))
    except StripeError as error:
        if error.status != 402:
            raise  # nothing was done, so nothing is kept under the key
        return 402, json.loads(json.dumps(error.body))


def _replay(known: tuple[str, int, Object], asked: str) -> tuple[int, Object]:
    first, status, body = known
    if first != asked:
        raise StripeError(
            400, "idempotency_error",
            "Keys for idempotent requests can only be used with the same parameters.",
        )  # fmt: skip
    return status, body


def _public(value: Any) -> Any:
    """Without the sandbox's own notes, whose names begin with an underscore."""
    if isinstance(value, dict):
        return {k: _public(v) for k, v in value.items() if not k.startswith("_")}
    if isinstance(value, list):
        return [_public(item) for item in value]
    return value
