"""What a browser does: sign in by cookie, exchange the session, stream, sign out; and sign up by
the mail in var/mail, be invited, and join."""

import re
import time
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from motet_platform.supervisor.testing import LivePlatform

ALLAUTH = "/_allauth/browser/v1"


class Browser(httpx.Client):
    """Keeps cookies, and sends the CSRF one back as a header."""

    def send_json(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"x-csrftoken": self.cookies["motet_csrf"]}
        return self.request(method, path, json=body or {}, headers=headers)

    def token(self, account: str | None = None) -> dict[str, Any]:
        answer = self.send_json("POST", "/auth/token", {"account": account})
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body


@pytest.fixture
def browser(platform: LivePlatform) -> Browser:
    client = Browser(base_url=platform.url, timeout=30, trust_env=False)
    assert client.get("/auth/session").status_code == 401
    return client


@pytest.fixture
def demo(browser: Browser, platform: LivePlatform) -> Browser:
    who = {name: platform.demo[name] for name in ("email", "password")}
    answer = browser.send_json("POST", f"{ALLAUTH}/auth/login", who)
    assert answer.status_code == 200, answer.text
    return browser


def mails(platform: LivePlatform, to: str) -> list[Path]:
    folder = platform.var / "mail"
    files = sorted(folder.glob("*.eml")) if folder.exists() else []
    return [file for file in files if f"To: {to}" in file.read_text()]


def wait_for_mail(platform: LivePlatform, to: str, count: int) -> str:
    for _ in range(300):
        if len(found := mails(platform, to)) >= count:
            return found[-1].read_text()
        time.sleep(0.1)
    pytest.fail(f"no mail for {to}")


def test_sign_in_stream_sign_out(demo: Browser, base_url: str, adapters: dict[str, str]) -> None:
    token = demo.token("demo")["token"]
    client = openai.OpenAI(base_url=base_url, api_key=token, max_retries=0)
    model = adapters["pirate"]
    stream = client.chat.completions.create(
        model=model, stream=True, max_tokens=8, messages=[{"role": "user", "content": "Hi"}]
    )
    assert "".join(c.choices[0].delta.content or "" for c in stream if c.choices)
    manage = httpx.Client(
        base_url=base_url, headers={"authorization": f"Bearer {token}"}, trust_env=False
    )
    newest = manage.get("/requests?limit=1").json()["data"][0]
    assert (newest["model"], newest["key"], newest["status"]) == (model, "dashboard", 200)
    assert newest["member"] == "demo@example.com"
    assert manage.get(f"/receipts/{newest['request_id']}").json()["cost"] == newest["cost"]
    status = manage.get("/status").json()
    assert status["healthy"] is True
    places = {row["model"]: row["place"] for row in status["adapters"]}
    assert places[f"{model}@1"] == "gpu"
    assert demo.send_json("DELETE", f"{ALLAUTH}/auth/session").status_code == 401
    for _ in range(300):
        try:
            client.models.list()
        except openai.AuthenticationError:
            break
        time.sleep(0.01)
    else:
        pytest.fail("the token outlives its session")
    assert manage.get("/requests").status_code == 401


def test_sign_up_and_join(platform: LivePlatform, demo: Browser, base_url: str) -> None:
    email, password = "erin@example.com", "correct horse battery"
    erin = Browser(base_url=platform.url, timeout=30, trust_env=False)
    erin.get("/auth/session")
    erin.send_json("POST", f"{ALLAUTH}/auth/signup", {"email": email, "password": password})
    text = wait_for_mail(platform, email, 1)
    code = re.search(r"^\s*([A-Z0-9]{4}-[A-Z0-9]{4})\s*$", text, re.M)
    assert code, text
    verified = erin.send_json("POST", f"{ALLAUTH}/auth/email/verify", {"key": code[1]})
    assert verified.status_code == 200, verified.text
    own = erin.token()
    assert own["account"]["role"] == "owner"
    as_erin = {"authorization": f"Bearer {own['token']}"}
    balance = httpx.get(f"{base_url}/billing/balance", headers=as_erin, trust_env=False).json()
    assert (balance["available"], balance["lots"][0]["kind"]) == ("5.00", "promo")

    as_demo = {"authorization": f"Bearer {demo.token('demo')['token']}"}
    httpx.post(
        f"{base_url}/invitations", headers=as_demo, json={"email": email, "role": "viewer"},
        trust_env=False,
    ).raise_for_status()  # fmt: skip
    text = wait_for_mail(platform, email, 2)
    (link,) = re.findall(r"/invitations/(\S+)", text)
    joined = erin.send_json("POST", "/auth/invitations/accept", {"token": link})
    assert joined.status_code == 200, joined.text
    as_viewer = {"authorization": f"Bearer {erin.token('demo')['token']}"}
    for path, status in (("/adapters", 200), ("/keys", 403), ("/billing/balance", 403)):
        answer = httpx.get(f"{base_url}{path}", headers=as_viewer, trust_env=False)
        assert answer.status_code == status, path
    chat = {"model": "motet-tiny", "messages": [{"role": "user", "content": "Hi"}]}
    refused = httpx.post(
        f"{base_url}/chat/completions", headers=as_viewer, json=chat, trust_env=False
    )
    assert refused.status_code == 403
