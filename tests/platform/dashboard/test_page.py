"""The dashboard's page: which addresses it answers, its policy, and what there is without it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[3]
BUILT = '<meta name="csp-nonce" content="__MOTET_NONCE__"><div id="root"></div>'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the page looks for its files: empty at first."""
    from motet_platform.dashboard import page

    monkeypatch.setattr(page, "FOLDER", tmp_path)
    page._built.cache_clear()
    yield tmp_path
    page._built.cache_clear()


@pytest.fixture
def built(folder: Path) -> Path:
    (folder / "index.html").write_text(BUILT)
    return folder


@pytest.mark.parametrize(
    "path", ["/", "/login", "/adapters/llama-3.1", "/reset-password/a-b.c", "/requests/req_1"]
)
def test_every_page_is_the_one(built: Path, client: Any, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert 'id="root"' in answer.content.decode()


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v1/nothing", 404), ("/v1", 404), ("/auth/nothing", 404), ("/_allauth/nothing", 404),
     ("/static/nothing.js", 404), ("/robots.txt", 404), ("/wp-login.php", 404), ("/docs", 200)],
)  # fmt: skip
def test_other_addresses_are_not(built: Path, client: Any, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert 'id="root"' not in answer.content.decode()


def test_its_policy_lets_nothing_in(built: Path, client: Any) -> None:
    first, second = client.get("/"), client.get("/")
    policy = first.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and "http" not in policy
    (nonce,) = re.findall(r"'nonce-([^']{20,})'", policy)
    assert f'content="{nonce}"' in first.content.decode()
    assert nonce not in second.content.decode()
    assert first.headers["cache-control"] == "no-store"


def test_it_takes_no_other_method(built: Path, client: Any) -> None:
    assert client.post("/").status_code == 405


def test_without_it_the_server_says_so(folder: Path, client: Any) -> None:
    from motet_platform.catalog.models import BaseModel

    BaseModel.objects.create(name="tiny-<1>", revision="1", config={}, context_length=1)
    landing = client.get("/")
    assert landing.status_code == 200
    assert "tiny-&lt;1&gt;" in landing.content.decode()
    assert "make dashboard" in landing.content.decode()
    other = client.get("/keys")
    assert other.status_code == 404
    assert "make dashboard" in other.content.decode()


def test_the_kept_description_is_the_platforms() -> None:
    from motet_platform.dashboard.document import document

    kept = json.loads((ROOT / "frontend/openapi.json").read_text())
    assert kept == json.loads(json.dumps(document())), "run `make dashboard-api`"
