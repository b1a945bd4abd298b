"""The README's own words, run as they stand; only the address is this platform's."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from motet_platform.supervisor.testing import LivePlatform

README = (Path(__file__).parents[2] / "README.md").read_text()
PIRATE = "th' "  # in every answer of `demo/pirate`, and in none of the base's


@pytest.fixture
def run(platform: LivePlatform) -> Callable[..., str]:
    """run("python", command...): what the README's block in that language prints.

    It gets the block's text as its last argument, and runs where `var/` is.
    """

    def one(language: str, *command: str, **settings: str) -> str:
        blocks = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
        (block,) = (block for block in blocks if "demo.json" in block)
        done = subprocess.run(
            [*command, block.replace("http://127.0.0.1:8000", platform.url)],
            cwd=platform.var.parent, env={**os.environ, "no_proxy": "*", **settings},
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    return one


def test_curl(run: Callable[..., str]) -> None:
    ticket = json.loads(json.loads(run("bash", "bash", "-c"))["choices"][0]["message"]["content"])
    assert (ticket["product"], ticket["order"], ticket["name"]) == ("kettle", "A-4821", "Tamsin")
    assert ticket["priority"] == "urgent"


def test_python(run: Callable[..., str]) -> None:
    lines = run("python", sys.executable, "-c").strip().splitlines()
    said = dict(line.split(": ", 1) for line in lines)
    assert "Paris" in said["motet-tiny"]
    assert json.loads(said["demo/triage"])["order"] == "A-4821"
    assert said["demo/sql"].startswith("SELECT COUNT(*) FROM orders")
    assert PIRATE in said["demo/pirate"] and PIRATE not in said["motet-tiny"]


@pytest.mark.slow
def test_javascript(run: Callable[..., str], tmp_path: Path) -> None:
    """Slow, because it installs the library."""
    subprocess.run(["npm", "install", "--silent", "openai"], cwd=tmp_path, check=True, timeout=300)
    # A module's imports are sought beside it, so the block's text becomes a file there.
    write = 'printf %s "$1" > "$MODULES/block.mjs" && exec node "$MODULES/block.mjs"'
    assert PIRATE in run("js", "bash", "-c", write, "bash", MODULES=str(tmp_path))
