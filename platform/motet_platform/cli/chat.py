"""`motet chat`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import httpx
import typer

from motet_platform.cli.client import ApiError, api, check
from motet_platform.cli.output import Json, note, print_json

Message = dict[str, str]


def chat(
    model: Annotated[str, typer.Argument(help="Such as motet-tiny or acme/support.")],
    prompt: Annotated[
        list[str] | None, typer.Argument(help="Left out: from stdin, or a conversation.")
    ] = None,
    system: Annotated[str, typer.Option(help="A system message.")] = "",
    max_tokens: Annotated[int | None, typer.Option()] = None,
    temperature: Annotated[float | None, typer.Option()] = None,
    seed: Annotated[int | None, typer.Option()] = None,
    as_json: Json = False,
) -> None:
    """Talk to a model: the answer streams to stdout, its usage goes to stderr."""
    settings = {"max_tokens": max_tokens, "temperature": temperature, "seed": seed}
    body: dict[str, Any] = {"model": model} | {k: v for k, v in settings.items() if v is not None}
    messages = [{"role": "system", "content": system}] if system else []
    with api(timeout=600) as client:
        for text in _turns(prompt):
            messages.append({"role": "user", "content": text})
            if as_json:
                answer = check(client.post("chat/completions", json={**body, "messages": messages}))
                print_json(answer)
                said = answer["choices"][0]["message"]["content"]
            else:
                said = _stream(client, {**body, "messages": messages})
            messages.append({"role": "assistant", "content": said})


def _turns(prompt: list[str] | None) -> Iterator[str]:
    """One turn from the arguments or from a pipe; from a terminal, turn after turn until ^D."""
    if prompt:
        yield " ".join(prompt)
    elif not sys.stdin.isatty():
        yield sys.stdin.read()
    else:
        note("End with ^D.")
        while True:
            try:
                line = input("> ").strip()
            except EOFError:
                return
            if line:
                yield line


def _stream(client: httpx.Client, body: dict[str, Any]) -> str:
    asked = {**body, "stream": True, "stream_options": {"include_usage": True}}
    said: list[str] = []
    usage: dict[str, Any] | None = None
    with client.stream("POST", "chat/completions", json=asked) as answer:
        if not answer.is_success:
            check(answer)
        for event in _events(answer):
            if "error" in event:
                sys.stdout.write("\n")
                error = event["error"]
                raise ApiError(500, str(error.get("code")), str(error.get("message")))
            for choice in event["choices"]:
                text = choice["delta"].get("content") or ""
                said.append(text)
                sys.stdout.write(text)
                sys.stdout.flush()
            usage = event.get("usage") or usage
    sys.stdout.write("\n")
    if usage is not None:
        note(f"[{usage['prompt_tokens']} prompt + {usage['completion_tokens']} completion tokens]")
    return "".join(said)


def _events(answer: httpx.Response) -> Iterator[dict[str, Any]]:
    for line in answer.iter_lines():
        if line.startswith("data:") and (data := line[5:].strip()) != "[DONE]":
            yield json.loads(data)
