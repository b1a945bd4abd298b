"""What the documents say agrees with the code, and their links lead somewhere."""

import re
from pathlib import Path
from typing import get_args

import pytest
from motet_platform.adapters.imports.failure import Code
from motet_platform.adapters.testing import HOSTILE
from motet_platform.config import Config

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_local_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_every_code_of_a_refused_adapter_is_explained() -> None:
    documented = set(re.findall(r"`([a-z0-9_]+)`", (ROOT / "docs" / "adapters.md").read_text()))
    assert {code for code, _ in HOSTILE.values()} <= documented
    assert {*get_args(Code), "hub_off", "url_import_off"} <= documented


def test_every_setting_of_the_platform_is_listed() -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    not_for_users = {"debug"}
    for name in set(Config.model_fields) - not_for_users:
        assert f"MOTET_{name.upper()}`" in text, name
