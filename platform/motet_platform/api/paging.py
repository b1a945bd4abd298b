"""Lists by cursor: `limit` and `after` in the query, `has_more` and `next` in the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from rest_framework import serializers
from rest_framework.request import Request

Row = TypeVar("Row")
MAX_LIMIT = 200


class PageQuery(serializers.Serializer[dict[str, Any]]):
    limit = serializers.IntegerField(min_value=1, max_value=MAX_LIMIT, default=50)
    after = serializers.IntegerField(min_value=0, max_value=2**63 - 1, required=False)


@dataclass(frozen=True)
class Page:
    """What a client asked for. `after` is the id that ended the page before, None at the start."""

    limit: int
    after: int | None

    @classmethod
    def of(cls, request: Request) -> Page:
        query = PageQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        return cls(query.validated_data["limit"], query.validated_data.get("after"))

    def body(
        self, rows: Sequence[Row], show: Callable[[Row], Any], cursor: Callable[[Row], int]
    ) -> dict[str, Any]:
        """The answer's body; `rows` holds one more than `limit` where there is a next page."""
        shown = rows[: self.limit]
        has_more = len(rows) > self.limit
        return {
            "object": "list",
            "data": [show(row) for row in shown],
            "has_more": has_more,
            "next": str(cursor(shown[-1])) if has_more else None,
        }
