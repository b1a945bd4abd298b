"""JSON bodies of the management API, read as strictly as the gateway reads its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from rest_framework.parsers import BaseParser

from motet_platform.errors import InvalidRequest


class JsonParser(BaseParser):
    """UTF-8 alone, no NaN, no half of a surrogate pair, no depth that ends the interpreter's
    stack: what passes can be stored and shown again. InvalidRequest `invalid_json`."""

    media_type = "application/json"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return msgspec.json.decode(stream.read())
        except RecursionError:
            raise InvalidRequest("The JSON is nested too deeply.", code="invalid_json") from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise InvalidRequest("The body is not valid JSON.", code="invalid_json") from None
