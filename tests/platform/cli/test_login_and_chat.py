"""`motet login` and `motet chat`, against a server that answers as a gateway does."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from motet_platform.cli import profile


class Gateway(BaseHTTPRequestHandler):
    """Knows one key; answers each message with its own words, one chunk a word."""

    asked: list[dict[str, Any]]

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def send(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def allowed(self) -> bool:
        if self.headers["authorization"] == "Bearer good":
            return True
        error = {
            "message": "Incorrect API key.",
            "type": "x",
            "param": None,
            "code": "invalid_api_key",
        }
        self.send(401, json.dumps({"error": error}).encode())
        return False

    def do_GET(self) -> None:
        if self.allowed():
            self.send(200, json.dumps({"data": [{"id": "tiny"}]}).encode())

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.asked.append(body)
        if not self.allowed():
            return
        text = body["messages"][-1]["content"]
        if not body.get("stream"):
            message = {"role": "assistant", "content": text}
            self.send(200, json.dumps({"choices": [{"message": message}]}).encode())
            return
        events: list[dict[str, Any]] = [
            {"choices": [{"delta": {"content": word + " "}}], "usage": None}
            for word in text.split()
        ]
        if text == "fail":
            error = {"message": "The worker was lost.", "code": "worker_lost"}
            events.append({"choices": [{"delta": {}, "finish_reason": "error"}], "error": error})
        else:
            usage = {"prompt_tokens": 3, "completion_tokens": 2}
            events.append({"choices": [], "usage": usage})
        lines = [f"data: {json.dumps(event)}\n\n" for event in events]
        stream = ": comment\n\n" + "".join(lines) + "data: [DONE]\n\n"
        self.send(200, stream.encode(), "text/event-stream")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What the server was asked; its address is in the environment."""
    seen: list[dict[str, Any]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Gateway,), {"asked": seen}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("MOTET_BASE_URL", f"http://127.0.0.1:{server.server_address[1]}")
    yield seen
    server.shutdown()
    server.server_close()


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTET_API_KEY", "good")


def test_login(motet: Any, asked: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    motet("login", "--key-stdin", input="bad\n", code=3)
    assert not profile.path().exists()
    motet("login", "--key-stdin", input="good\n")
    assert profile.path().stat().st_mode & 0o777 == 0o600
    assert profile.load().api_key == "good"
    url = profile.load().base_url
    monkeypatch.delenv("MOTET_BASE_URL")
    assert profile.load() == profile.Profile(url, "good")
    assert "good" not in motet("login", "--key-stdin", "--base-url", url, input="good\n").output


def test_another_key_does_not_go_to_the_saved_address(monkeypatch: pytest.MonkeyPatch) -> None:
    profile.save(profile.Profile("https://one.example", "first"))
    monkeypatch.setenv("MOTET_API_KEY", "second")
    assert profile.load().base_url == profile.DEFAULT_URL
    monkeypatch.setenv("MOTET_API_KEY", "first")
    assert profile.load().base_url == "https://one.example"


@pytest.mark.parametrize(
    ("url", "exposed"),
    [
        ("http://127.0.0.1:8000", False),
        ("http://localhost", False),
        ("https://motet.example", False),
        ("http://motet.example", True),
    ],
)
def test_keys_in_clear_are_warned_of(url: str, exposed: bool) -> None:
    assert profile.Profile(profile.root_url(f"{url}/v1/"), "x").is_exposed is exposed
    assert profile.root_url(f"{url}/v1/") == url


def test_a_damaged_profile(motet: Any) -> None:
    profile.path().parent.mkdir(parents=True)
    profile.path().write_text("{")
    assert "motet login" in motet("balance", code=3).stderr


def test_chat_streams(motet: Any, asked: Any, key: None) -> None:
    words = (
        "chat",
        "tiny",
        "hello",
        "there",
        "--system",
        "Be brief.",
        "--max-tokens",
        "9",
        "--seed",
        "1",
    )
    result = motet(*words)
    assert result.stdout == "hello there \n"
    assert "3 prompt + 2 completion" in result.stderr
    (body,) = asked
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "hello there"},
    ]
    assert (body["model"], body["max_tokens"], body["seed"]) == ("tiny", 9, 1)
    assert "temperature" not in body


def test_chat_from_a_pipe(motet: Any, asked: Any, key: None) -> None:
    assert motet("chat", "tiny", input="piped words").stdout == "piped words \n"


def test_chat_as_json(motet: Any, asked: Any, key: None) -> None:
    answer = motet("chat", "tiny", "hi", "--json").json
    assert answer["choices"][0]["message"]["content"] == "hi"
    assert "stream" not in asked[0]


def test_an_error_in_the_stream(motet: Any, asked: Any, key: None) -> None:
    result = motet("chat", "tiny", "fail", code=1)
    assert "worker_lost" in result.stderr
    assert result.stdout.startswith("fail ")


def test_a_refusal(motet: Any, asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTET_API_KEY", "bad")
    assert "invalid_api_key" in motet("chat", "tiny", "hi", code=3).stderr
