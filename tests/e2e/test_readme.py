"""The words of README and quickstart, run as they stand; only the address is this platform's."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from motet_inference.tiny import BASE
from motet_platform.supervisor.testing import LivePlatform

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
QUICKSTART = (ROOT / "docs/quickstart.md").read_text()
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


@pytest.mark.parametrize("page", [README, QUICKSTART], ids=["README", "quickstart"])
def test_a_pages_commands_in_one_shell(page: str, platform: LivePlatform, tmp_path: Path) -> None:
    """All but `make`, one after the other, beside a trained adapter and the platform's `var/`."""
    blocks = re.findall(r"```bash\n(.*?)```", page, re.DOTALL)
    script = "".join(block for block in blocks if not block.startswith("make "))
    assert script.count(".venv/bin/motet ") + script.count("curl ") >= 2
    # The demo account's person is not to become one of the staff for the tests that follow.
    script = script.replace("--email demo@", "--email operator@")
    script = script.replace("http://127.0.0.1:8000", platform.url)
    script = script.replace("curl ", "curl --fail-with-body --silent --show-error ")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "var").symlink_to(platform.var)
    (tmp_path / "my-adapter").symlink_to(BASE.parent / "adapters/pirate")
    done = subprocess.run(
        ["bash", "-euc", script], cwd=tmp_path, capture_output=True, text=True, timeout=120,
        env={**platform.environment, "no_proxy": "*", "MOTET_PASSWORD": "correct horse battery",
             "XDG_CONFIG_HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    if "adapters push" in script:
        key = {"MOTET_API_KEY": platform.demo["api_key"], "MOTET_BASE_URL": platform.url}
        assert "demo/support" in platform.motet("adapters", "ls", **key)
        platform.motet("adapters", "rm", "support", "--yes", **key)
