"""The command in this process, against a server of this process."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without a profile, and an environment without a key."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("MOTET_API_KEY", "MOTET_BASE_URL", "MOTET_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def motet() -> Callable[..., Any]:
    """motet("keys", "ls", code=0) -> the result; its `json` is what --json printed."""
    from motet_platform.cli.main import app

    def run(*words: str, code: int = 0, input: str | None = None) -> Any:
        result = CliRunner().invoke(app, list(words), input=input)
        assert result.exit_code == code, (result.output, result.exception)
        if "--json" in words and result.stdout:
            result.json = json.loads(result.stdout)  # type: ignore[attr-defined]
        return result

    return run
