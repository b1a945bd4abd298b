"""One-time codes and passkeys: asked for, stored encrypted, and not to be walked around."""

import base64
import hashlib
import hmac
import json
import os
import struct
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256
from fido2.webauthn import AttestedCredentialData, AuthenticatorData
from motet_platform.accounts.models import User
from motet_platform.accounts.services import account_create

pytestmark = pytest.mark.django_db

EMAIL, PASSWORD = "dora@example.com", "correct horse battery"
ALLAUTH = "/_allauth/browser/v1"
FACTORS = f"{ALLAUTH}/account/authenticators"


@pytest.fixture
def dora(browser: Any) -> Any:
    account_create(email=EMAIL, password=PASSWORD)
    assert browser.sign_in(EMAIL).status_code == 200
    return browser


def one_time_code(secret: str, step: int = 0) -> str:
    """RFC 6238."""
    counter = struct.pack(">Q", int(time.time()) // 30 + step)
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


def confirm(browser: Any) -> None:
    """The password again, as a change of factors asks for."""
    answer = browser.post(f"{ALLAUTH}/auth/reauthenticate", {"password": PASSWORD})
    assert answer.status_code == 200, answer.json()


def set_up_codes(browser: Any) -> str:
    confirm(browser)
    offered = browser.get(f"{FACTORS}/totp")
    assert offered.status_code == 404
    secret = offered.json()["meta"]["secret"]
    answer = browser.post(f"{FACTORS}/totp", {"code": one_time_code(secret, -1)})
    assert answer.status_code == 200, answer.json()
    return str(secret)


class TestCodes:
    def test_it_works(self, dora: Any, new_browser: Any) -> None:
        secret = set_up_codes(dora)
        other = new_browser()
        first = other.sign_in(EMAIL)
        assert first.status_code == 401
        pending = [f["id"] for f in first.json()["data"]["flows"] if f.get("is_pending")]
        assert pending == ["mfa_authenticate"]
        assert other.get("/auth/session").status_code == 401
        assert other.token().status_code == 401
        wrong = other.post(f"{ALLAUTH}/auth/2fa/authenticate", {"code": "000000"})
        assert wrong.status_code == 400
        right = other.post(f"{ALLAUTH}/auth/2fa/authenticate", {"code": one_time_code(secret)})
        assert right.status_code == 200, right.json()
        assert other.token().status_code == 200

    def test_the_secret_is_stored_encrypted(self, dora: Any) -> None:
        from allauth.mfa.models import Authenticator

        secret = set_up_codes(dora)
        for row in Authenticator.objects.all():
            assert secret not in json.dumps(row.data)

    def test_a_recovery_code(self, dora: Any, new_browser: Any) -> None:
        set_up_codes(dora)
        codes = dora.get(f"{FACTORS}/recovery-codes").json()["data"]["unused_codes"]
        other = new_browser()
        other.sign_in(EMAIL)
        body = {"code": codes[0]}
        assert other.post(f"{ALLAUTH}/auth/2fa/authenticate", body).status_code == 200
        again = new_browser()
        again.sign_in(EMAIL)
        assert again.post(f"{ALLAUTH}/auth/2fa/authenticate", body).status_code == 400

    def test_the_admin_is_no_way_around(self, dora: Any, client: Any) -> None:
        User.objects.update(is_staff=True)
        form = {"username": EMAIL, "password": PASSWORD, "next": "/admin/"}
        assert client.post("/admin/login/", form).status_code == 302
        client.logout()
        dora.sign_in(EMAIL)
        set_up_codes(dora)
        refused = client.post("/admin/login/", form)
        assert refused.status_code == 200
        assert "second factor" in refused.content.decode()
        assert client.get("/auth/session").status_code == 401


def test_guessing_at_the_admin_is_slowed_down(browser: Any, client: Any) -> None:
    account_create(email=EMAIL, password=PASSWORD)
    User.objects.update(is_staff=True)
    form = {"username": EMAIL, "password": "wrong", "next": "/admin/"}
    for _ in range(6):
        assert client.post("/admin/login/", form).status_code == 200
    refused = client.post("/admin/login/", {**form, "password": PASSWORD})
    assert "Too many attempts" in refused.content.decode()


class Passkey:
    """An authenticator in software: one ES256 key for one site."""

    def __init__(self, host: str = "testserver") -> None:
        self.host = host
        self.id = os.urandom(16)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.user = b""

    def make(self, options: Any) -> dict[str, Any]:
        self.user = _bytes(options["user"]["id"])
        credential = AttestedCredentialData.create(
            b"\0" * 16, self.id, ES256.from_cryptography_key(self.key.public_key())
        )
        data = self._data(0x45, credential)
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": bytes(data)})
        told = self._told("webauthn.create", options)
        return self._answer(
            {"clientDataJSON": _text(told), "attestationObject": _text(attestation)}
        )

    def sign(self, options: Any) -> dict[str, Any]:
        data, told = bytes(self._data(0x05)), self._told("webauthn.get", options)
        digest = hashlib.sha256(told).digest()
        signature = self.key.sign(data + digest, ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": _text(told),
                "authenticatorData": _text(data),
                "signature": _text(signature),
                "userHandle": _text(self.user),
            }
        )

    def _data(self, flags: int, credential: Any = None) -> AuthenticatorData:
        host = hashlib.sha256(self.host.encode()).digest()
        return AuthenticatorData.create(host, flags, 1, credential or b"")

    def _told(self, kind: str, options: Any) -> bytes:
        origin = f"http://{self.host}"
        told = {"type": kind, "challenge": options["challenge"], "origin": origin}
        return json.dumps(told).encode()

    def _answer(self, response: dict[str, str]) -> dict[str, Any]:
        own = _text(self.id)
        return {
            "id": own, "rawId": own, "type": "public-key", "response": response,
            "clientExtensionResults": {}, "authenticatorAttachment": "platform",
        }  # fmt: skip


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class TestPasskeys:
    def test_the_password_is_asked_for_again(self, dora: Any) -> None:
        asked = dora.get(f"{FACTORS}/webauthn?passwordless")
        assert asked.status_code == 401
        assert [flow["id"] for flow in asked.json()["data"]["flows"]] == ["reauthenticate"]

    def register(self, browser: Any, passkey: Passkey) -> Any:
        confirm(browser)
        asked = browser.get(f"{FACTORS}/webauthn?passwordless").json()["data"]
        credential = passkey.make(asked["creation_options"]["publicKey"])
        body = {"name": "laptop", "credential": credential}
        return browser.post(f"{FACTORS}/webauthn", body)

    def log_in(self, browser: Any, passkey: Passkey) -> Any:
        asked = browser.get(f"{ALLAUTH}/auth/webauthn/login").json()["data"]
        credential = passkey.sign(asked["request_options"]["publicKey"])
        return browser.post(f"{ALLAUTH}/auth/webauthn/login", {"credential": credential})

    def test_it_works(self, dora: Any, new_browser: Any) -> None:
        passkey = Passkey()
        made = self.register(dora, passkey)
        assert made.status_code == 200, made.json()
        other = new_browser()
        assert self.log_in(other, passkey).status_code == 200
        assert other.token().json()["account"]["slug"] == "dora"

    def test_another_key_does_not_open(self, dora: Any, new_browser: Any) -> None:
        passkey = Passkey()
        self.register(dora, passkey)
        passkey.key = ec.generate_private_key(ec.SECP256R1())
        assert self.log_in(new_browser(), passkey).status_code == 400

    def test_a_key_for_another_site_is_refused(self, dora: Any) -> None:
        assert self.register(dora, Passkey("evil.example")).status_code == 400
