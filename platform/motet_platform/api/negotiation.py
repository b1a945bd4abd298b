"""Which form an answer takes: `Accept` is a wish, `?format` an order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import Http404
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from motet_platform.errors import InvalidRequest


class Negotiation(DefaultContentNegotiation):
    """DRF's, but whoever accepts only what is not here (a browser, say) gets JSON, not an error."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> Any:
        """A renderer and its media type."""
        renderers = list(renderers)
        try:
            return super().select_renderer(request, renderers, format_suffix)
        except NotAcceptable:
            return renderers[0], renderers[0].media_type

    def filter_renderers(
        self, renderers: Iterable[BaseRenderer], format: str
    ) -> list[BaseRenderer]:
        """InvalidRequest for a form that this address does not have."""
        try:
            return super().filter_renderers(renderers, format)
        except Http404:
            known = ", ".join(str(renderer.format) for renderer in renderers)
            raise InvalidRequest(f"format is one of: {known}.", param="format") from None
