"""Receivers that a tenant chose, and that behave as they like: none holds a thread for long."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from motet_platform import egress
from motet_platform.config import get_config
from motet_platform.egress import Destination
from motet_platform.wallet import webhook
from motet_platform.wallet.webhook import WebhookError, deliver

Behaviour = Callable[[socket.socket, threading.Event], None]
SECRET = "whsec_eA=="


def drips_its_headers(caller: socket.socket, gone: threading.Event) -> None:
    caller.sendall(b"HTTP/1.1 200 OK\r\nx-slow: ")
    while not gone.wait(0.05):
        caller.sendall(b"x")


def goes_on_and_on_before_its_answer(caller: socket.socket, gone: threading.Event) -> None:
    while not gone.wait(0.05):
        caller.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n")


def says_nothing(caller: socket.socket, gone: threading.Event) -> None:
    gone.wait()


def drips_its_body(caller: socket.socket, gone: threading.Event) -> None:
    caller.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while not gone.wait(0.05):
        caller.sendall(b"1\r\nx\r\n")


def sends_a_body_without_end(caller: socket.socket, gone: threading.Event) -> None:
    caller.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while not gone.is_set():
        caller.sendall(b"x" * 65536)


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Behaviour], str]]:
    """Starts a receiver that behaves as told after a request has come; its address."""
    monkeypatch.setitem(get_config().__dict__, "webhook_private", True)
    gone = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))

    def start(behaviour: Behaviour) -> str:
        def serve() -> None:
            with contextlib.suppress(OSError):
                caller, _ = server.accept()
                with caller:
                    caller.recv(65536)
                    behaviour(caller, gone)

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{server.getsockname()[1]}/"

    yield start
    gone.set()
    server.close()


def outcome(url: str) -> Any:
    """What `deliver` came to: None, or what it raised. A call that does not end fails the test."""
    ended: list[Any] = []

    def call() -> None:
        try:
            ended.append(deliver(url, event_id="x", body=b"{}", secret=SECRET))
        except Exception as error:
            ended.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(30)
    assert ended, "the call holds its thread"
    return ended[0]


@pytest.mark.parametrize(
    "behaviour", [says_nothing, drips_its_headers, goes_on_and_on_before_its_answer]
)
def test_an_answer_has_a_deadline(
    receiver: Any, monkeypatch: pytest.MonkeyPatch, behaviour: Behaviour
) -> None:
    monkeypatch.setattr(webhook, "TIMEOUT_S", 1.0)
    error = outcome(receiver(behaviour))
    assert isinstance(error, WebhookError) and "127.0.0.1: Timeout" in str(error)


@pytest.mark.parametrize("behaviour", [drips_its_body, sends_a_body_without_end])
def test_a_body_is_not_read(receiver: Any, behaviour: Behaviour) -> None:
    assert outcome(receiver(behaviour)) is None


def test_the_address_is_pinned_and_the_name_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Resolved once: what is called is what was checked, and TLS is still about the name."""
    asked: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = lambda _, name, __: asked.append(name)
    here = ("127.0.0.1",)
    monkeypatch.setattr(egress, "resolve", lambda parts, private: Destination(parts, here))
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            caller, _ = server.accept()
            with caller, contextlib.suppress(OSError):  # it has no certificate to show
                context.wrap_socket(caller, server_side=True)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        error = outcome(f"https://hooks.example:{server.getsockname()[1]}/")
        thread.join(30)
    assert isinstance(error, WebhookError)
    assert asked == ["hooks.example"]
