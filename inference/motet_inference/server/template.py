"""The base model's chat template, rendered in a sandbox."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from motet_inference.server.errors import InvalidRequest, UnsupportedTokenizer


class ChatTemplate:
    """Renders messages ({"role", "content", ...}) as transformers' apply_chat_template does.

    The template comes from the base's own folder, never from a request.
    """

    def __init__(self, source: str, *, special_tokens: dict[str, str], limit: int) -> None:
        """`limit`: longest rendered text, in characters."""
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
        )
        environment.filters["tojson"] = _tojson
        environment.globals["raise_exception"] = _raise_exception
        environment.globals["strftime_now"] = _strftime_now
        try:
            self._template = environment.from_string(source)
        except TemplateError as error:
            raise UnsupportedTokenizer(f"chat template: {error}") from error
        self._special_tokens = special_tokens
        self._limit = limit

    @classmethod
    def load(
        cls, folder: Path, config: dict[str, Any], *, special_tokens: dict[str, str], limit: int
    ) -> ChatTemplate | None:
        """From chat_template.jinja or tokenizer_config.json; None when the base has none."""
        file = folder / "chat_template.jinja"
        source = file.read_text() if file.is_file() else config.get("chat_template")
        if isinstance(source, list):
            source = {entry["name"]: entry["template"] for entry in source}.get("default")
        if not source:
            return None
        return cls(source, special_tokens=special_tokens, limit=limit)

    def render(self, messages: list[dict[str, str]]) -> str:
        """The prompt up to where the assistant begins. Raises InvalidRequest."""
        parts, size = [], 0
        try:
            for part in self._template.generate(
                messages=messages, tools=None, documents=None, add_generation_prompt=True,
                **self._special_tokens,
            ):  # fmt: skip
                size += len(part)
                if size > self._limit:
                    raise InvalidRequest("The conversation is too long.", param="messages")
                parts.append(part)
        except _Refused as error:
            raise InvalidRequest(str(error)[:500], param="messages") from error
        except InvalidRequest:
            raise
        except Exception as error:  # a template is a program, and any error can come out of one
            message = "The model's chat template cannot render these messages."
            raise InvalidRequest(message, param="messages") from error
        return "".join(parts)


class _Refused(TemplateError):
    """The template itself said no; its words are the template's author's."""


def _raise_exception(message: str) -> None:
    raise _Refused(message)


def _strftime_now(form: str) -> str:
    return datetime.now().strftime(form)


def _tojson(value: Any, ensure_ascii: bool = False, **options: Any) -> str:
    """Without Jinja's escaping of HTML, which is not what models were trained on."""
    return json.dumps(value, ensure_ascii=ensure_ascii, **options)
