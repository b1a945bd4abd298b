"""Caps and alerts over the management API, and alerts on their way."""

import base64
import hmac
import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from motet_billing.models import Cap, CapAlert
from motet_platform.audit.models import AuditEntry
from motet_platform.config import get_config
from motet_platform.outbox.models import Task
from motet_platform.outbox.runner import tasks_run_due
from motet_platform.wallet.alerts import alerts_hand_on
from motet_platform.wallet.webhook import WebhookError, WebhookRefused, check_url, deliver

pytestmark = pytest.mark.django_db


def create(person: Any, **body: Any) -> Any:
    return person.api.post("/v1/keys", {"name": "new", **body}, format="json")


def test_a_key_with_a_cap(alice: Any, charlie: Any, error_of: Any) -> None:
    made = create(alice, spend_cap={"limit": "10.50", "period": "week"})
    assert made.status_code == 201, made.content
    shown = made.json()["spend_cap"]
    assert (shown["limit"], shown["period"], shown["spent"]) == ("10.50", "week", "0.00")
    assert shown["remaining"] == "10.50" and shown["resets_at"] > shown["window_start"]
    url = f"/v1/keys/{made.json()['id']}"
    assert alice.api.get(url).json()["spend_cap"] == shown
    rows = alice.api.get("/v1/keys").json()["data"]
    assert [row["spend_cap"] for row in rows] == [shown, None]
    changed = alice.api.patch(url, {"spend_cap": {"limit": "3", "period": "none"}}, format="json")
    assert changed.json()["spend_cap"]["resets_at"] is None
    assert alice.api.get("/v1/billing/caps").json()["keys"][0]["limit"] == "3.00"
    theirs = charlie.api.patch(url, {"spend_cap": None}, format="json")
    assert (theirs.status_code, error_of(theirs)) == (404, "key_not_found")
    assert alice.api.patch(url, {"spend_cap": None}, format="json").json()["spend_cap"] is None
    assert not Cap.objects.exists()


@pytest.mark.parametrize(
    "cap",
    [
        {},
        {"limit": "-1"},
        {"limit": "ten"},
        {"limit": 1.5e-13},
        {"limit": "1", "period": "year"},
        7,
    ],
)
def test_what_is_no_cap(alice: Any, error_of: Any, cap: Any) -> None:
    for answer in (
        create(alice, spend_cap=cap),
        alice.api.put("/v1/billing/caps", {"account": cap}, format="json"),
    ):
        assert (answer.status_code, error_of(answer)) == (400, "invalid_request")
    assert not Cap.objects.exists()


def fails(*_: Any, **__: Any) -> None:
    raise RuntimeError


def test_the_log_has_a_cap_with_the_change_or_neither(alice: Any, monkeypatch: Any) -> None:
    alice.api.put("/v1/billing/caps", {"account": {"limit": "50"}}, format="json")
    line = AuditEntry.objects.get(action="billing.cap")
    assert (line.account, line.actor) == (alice.account, alice.key.prefix)
    assert line.after == {"spend_cap": {"limit": "50.00", "period": "month"}}
    monkeypatch.setattr("motet_platform.wallet.cap_views.audit", fails)
    assert alice.api.put("/v1/billing/caps", {"account": None}, format="json").status_code == 500
    assert Cap.objects.exists()


def test_the_log_has_alerts_with_the_change_or_neither(alice: Any, monkeypatch: Any) -> None:
    alice.api.put("/v1/billing/alerts", {"email": False}, format="json")
    line = AuditEntry.objects.get(action="billing.alerts")
    assert line.after == {"email": False, "webhook_url": ""}
    monkeypatch.setattr("motet_platform.wallet.alerts.audit", fails)
    assert alice.api.put("/v1/billing/alerts", {"email": True}, format="json").status_code == 500
    assert alice.api.get("/v1/billing/alerts").json()["email"] is False


def test_the_account(alice: Any, charlie: Any) -> None:
    url = "/v1/billing/caps"
    assert alice.api.get(url).json() == {"object": "caps", "account": None, "keys": []}
    put = alice.api.put(url, {"account": {"limit": "50"}}, format="json")
    assert put.json()["account"]["period"] == "month"
    assert alice.api.get(url).json() == put.json()
    assert charlie.api.get(url).json()["account"] is None
    assert alice.api.put(url, {"account": None}, format="json").json()["account"] is None
    assert alice.with_key(scopes=["usage"]).api.get(url).status_code == 403


# ---- alerts ----


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A webhook on loopback; `calls` are (headers, body), `status` is what it answers."""
    monkeypatch.setitem(get_config().__dict__, "webhook_private", True)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"]))
            server.calls.append((dict(self.headers), content))
            self.send_response(server.status)
            self.send_header("location", "http://127.0.0.1:1/")
            self.end_headers()

        def log_message(self, *words: Any) -> None:
            pass

    server: Any = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.calls, server.status = [], 200
    server.url = f"http://127.0.0.1:{server.server_address[1]}/hook?x=1"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def reach(person: Any, percent: int = 80) -> None:
    from motet_platform.wallet.caps import CapAsked, key_cap_set

    key_cap_set(person.account, person.key.pk, CapAsked(1000, "month"))
    cap = Cap.objects.get()
    CapAlert.objects.create(
        cap=cap, window_start=cap.window_start, limit=1000, spent=percent * 10, percent=percent
    )


def test_an_alert_is_told_by_mail_and_webhook_once(alice: Any, bob: Any, receiver: Any) -> None:
    settings = alice.api.put(
        "/v1/billing/alerts", {"webhook_url": receiver.url}, format="json"
    ).json()
    assert settings["email"] is True
    reach(alice)
    assert (alerts_hand_on(), alerts_hand_on()) == (1, 0)
    tasks_run_due()
    (letter,) = mail.outbox  # to the owner, not to a member
    assert letter.to == ["alice@acme.example"]
    assert "80 %" in letter.subject and "$0.0000000008" in letter.body
    ((headers, content),) = receiver.calls
    event = json.loads(content)
    assert event["type"] == "spend_cap.alert"
    assert event["data"]["key"]["prefix"] == alice.key.prefix
    assert (event["data"]["percent"], event["data"]["limit"]) == (80, "0.000000001")
    low = {name.lower(): value for name, value in headers.items()}
    signed = f"{event['id']}.{low['webhook-timestamp']}.".encode() + content
    key = base64.b64decode(settings["webhook_secret"].removeprefix("whsec_"))
    expected = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    assert low["webhook-signature"] == f"v1,{expected}" and low["webhook-id"] == event["id"]


def test_a_webhook_that_is_down_is_tried_again_and_sends_no_second_mail(
    alice: Any, receiver: Any
) -> None:
    alice.api.put("/v1/billing/alerts", {"webhook_url": receiver.url}, format="json")
    receiver.status = 500
    reach(alice, 100)
    alerts_hand_on()
    tasks_run_due()
    receiver.status = 204
    Task.objects.filter(done_at=None).update(available_at="2020-01-01T00:00:00Z")
    tasks_run_due()
    assert len(receiver.calls) == 2 and len(mail.outbox) == 1
    assert not Task.objects.filter(done_at=None).exists()


def test_an_address_that_fails_brings_nobody_a_second_mail(
    alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob.user.memberships.filter(account=alice.account).update(role="admin")
    from motet_platform.wallet import alerts

    def send_mail(subject: str, text: str, sender: None, to: list[str]) -> None:
        if to == ["alice@acme.example"]:
            raise OSError("no such mailbox")
        mail.send_mail(subject, text, sender, to)

    monkeypatch.setattr(alerts, "send_mail", send_mail)
    reach(alice)
    alerts_hand_on()
    for _ in range(3):
        tasks_run_due()
        Task.objects.filter(done_at=None).update(available_at="2020-01-01T00:00:00Z")
    assert [letter.to for letter in mail.outbox] == [[bob.user.email]]


def test_no_mail_where_none_is_wanted(alice: Any) -> None:
    shown = alice.api.put("/v1/billing/alerts", {"email": False}, format="json").json()
    assert shown["webhook_url"] is shown["webhook_secret"] is None
    reach(alice)
    assert alerts_hand_on() == 1
    tasks_run_due()
    assert not mail.outbox


def test_a_new_address_has_a_new_secret(alice: Any) -> None:
    secrets = set()
    for name in ("a", "b", "b", "a"):
        body = {"webhook_url": f"https://hooks.example/{name}"}
        answer = alice.api.put("/v1/billing/alerts", body, format="json").json()
        assert alice.api.get("/v1/billing/alerts").json() == answer
        secrets.add(answer["webhook_secret"])
    assert len(secrets) == 3


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/", "https://user:pw@hooks.example/", "ftp://hooks.example/",
        "https://hooks.example/#x", "https:///x",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_webhook(alice: Any, error_of: Any, url: str) -> None:
    answer = alice.api.put("/v1/billing/alerts", {"webhook_url": url}, format="json")
    assert (answer.status_code, error_of(answer)) == (400, "invalid_request")
    assert answer.json()["error"]["param"] == "webhook_url"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "10.0.0.8", "169.254.169.254", "[::1]", "[fd00::1]", "0.0.0.0",
        "[::ffff:127.0.0.1]", "2130706433",
    ],
)  # fmt: skip
def test_addresses_inside_are_never_called(host: str) -> None:
    check_url(f"https://{host}/")
    with pytest.raises(WebhookRefused):
        deliver(f"https://{host}/", event_id="x", body=b"{}", secret="whsec_eA==")


def test_a_redirect_is_not_followed(receiver: Any) -> None:
    receiver.status = 302
    with pytest.raises(WebhookError, match="302"):
        deliver(receiver.url, event_id="x", body=b"{}", secret="whsec_eA==")
    assert len(receiver.calls) == 1
