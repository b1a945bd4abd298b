"""Other libraries against the gateway, in an environment of their own.

Slow, because it installs them; `MOTET_COMPAT_PYTHON` names an interpreter that has them already.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest

CLIENTS = ["langchain-openai", "litellm"]


async def run(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()[-4000:]
    return out.decode()


@pytest.fixture
async def python(tmp_path: Path) -> str:
    if given := os.environ.get("MOTET_COMPAT_PYTHON"):
        return given
    await run(sys.executable, "-m", "venv", str(tmp_path / "venv"))
    python = str(tmp_path / "venv" / "bin" / "python")
    await run(python, "-m", "pip", "install", "-q", *CLIENTS)
    return python


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_langchain_and_litellm(
    gateway: Any, worker: Any, alice: Any, base: str, python: str
) -> None:
    async def script(run: Any) -> None:
        if run.submit.chat.messages and run.submit.chat.messages[-1].content == "overflow":
            run.fail("context_length_exceeded", "The prompt has 9 tokens.")
        else:
            await worker.usual(run)

    worker.script = script
    clients = str(Path(__file__).with_name("compat_clients.py"))
    said = await run(python, clients, f"{gateway.url}/v1", alice.key, base)
    assert "langchain-openai: " in said
    assert "litellm: " in said
