"""/v1/adapters/{name}/versions: uploads in both forms, and what became of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from motet_platform.adapters.models import Part
from motet_platform.adapters.multipart import AdapterFiles, AdapterUploadParser
from motet_platform.adapters.receive import Limit, Received
from motet_platform.adapters.resumable import (
    MAX_CHUNK,
    Declared,
    part_append,
    upload_complete,
    upload_declare,
)
from motet_platform.adapters.selectors import adapter_get, version_get, versions_of
from motet_platform.adapters.serializers import (
    FilesIn,
    PartOut,
    UploadIn,
    VersionListOut,
    VersionOut,
    show_version,
)
from motet_platform.adapters.services import version_delete, version_upload
from motet_platform.api.body import take_large_body
from motet_platform.api.json_body import JsonParser
from motet_platform.api.view import ApiView
from motet_platform.errors import InvalidRequest, NotFound
from motet_platform.keys import scopes

_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})", re.ASCII)
_READ = 256 * 1024


class VersionsView(ApiView):
    scopes = {"GET": scopes.ADAPTERS_READ, "POST": scopes.ADAPTERS_WRITE}
    parser_classes = (AdapterUploadParser, JsonParser)

    @extend_schema(operation_id="versions_list", responses=VersionListOut)
    def get(self, request: Request, name: str) -> Response:
        adapter = adapter_get(self.account, name)
        versions = versions_of(adapter).order_by("-number")
        data = [show_version(version, adapter) for version in versions]
        return Response({"object": "list", "data": data})

    @extend_schema(
        operation_id="versions_create",
        request={"multipart/form-data": FilesIn, "application/json": UploadIn},
        responses={200: VersionOut, 201: VersionOut, 202: VersionOut},
    )
    def post(self, request: Request, name: str) -> Response:
        """A new version. Multipart: exactly the files `adapter_config` and `adapter_model`, then
        202 (or 200 with the version that has these bytes already). JSON: declares both files for
        a resumable upload, then 201. Poll the version until it is `ready` or `rejected`."""
        adapter = adapter_get(self.account, name)
        by = self.key.created_by
        multipart = (request.content_type or "").lower().startswith("multipart/form-data")
        if multipart:
            take_large_body(request)
            if not isinstance(request.data, AdapterFiles):
                raise InvalidRequest("Send a Content-Length.", code="upload_length_required")
        if isinstance(request.data, AdapterFiles):
            try:
                version, new = version_upload(adapter=adapter, files=request.data, created_by=by)
            finally:
                request.data.close()
            return Response(show_version(version, adapter), status=202 if new else 200)
        body = UploadIn(data=request.data)
        body.is_valid(raise_exception=True)
        parts = {Part(part): Declared(**told) for part, told in body.validated_data.items()}
        version = upload_declare(adapter=adapter, parts=parts, created_by=by)
        return Response(show_version(version, adapter), status=201)


class VersionView(ApiView):
    scopes = {"GET": scopes.ADAPTERS_READ, "DELETE": scopes.ADAPTERS_WRITE}

    @extend_schema(operation_id="versions_get", responses=VersionOut)
    def get(self, request: Request, name: str, number: int) -> Response:
        version = version_get(self.account, name, number)
        return Response(show_version(version, version.adapter))

    @extend_schema(operation_id="versions_delete", responses={204: None})
    def delete(self, request: Request, name: str, number: int) -> Response:
        """Deletes a version that no alias set by hand leads to."""
        version_delete(version=version_get(self.account, name, number))
        return Response(status=204)


class ChunkParser(BaseParser):
    """Hands the body on as it is, to be read in pieces."""

    media_type = "*/*"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return stream


class PartView(ApiView):
    scopes = {"PUT": scopes.ADAPTERS_WRITE}
    parser_classes = (ChunkParser,)

    @extend_schema(
        operation_id="parts_append",
        request={"application/octet-stream": OpenApiTypes.BINARY},
        parameters=[
            OpenApiParameter("Content-Range", str, OpenApiParameter.HEADER, required=True),
            OpenApiParameter("part", str, OpenApiParameter.PATH, enum=Part.values),
        ],
        responses=PartOut,
    )
    def put(self, request: Request, name: str, number: int, part: str) -> Response:
        """The next chunk of a part, at most 64 MiB, with `Content-Range: bytes first-last/size`.
        After a lost answer, GET the version to see how far the part has come."""
        version = version_get(self.account, name, number)
        if part not in Part.values:
            raise NotFound("There is no such part.", code="upload_not_found")
        first, last, total = _content_range(request)
        take_large_body(request)
        chunk = Received.of(_pieces(request.data), Limit(MAX_CHUNK, "The chunk"))
        try:
            if chunk.size != last - first + 1:
                raise InvalidRequest(
                    f"Content-Range announces {last - first + 1} bytes, {chunk.size} came.",
                    code="upload_range_mismatch",
                )
            row = part_append(
                version=version, part=Part(part), start=first, total=total, chunk=chunk
            )
        finally:
            chunk.close()
        return Response(PartOut(row).data)


class CompleteView(ApiView):
    scopes = {"POST": scopes.ADAPTERS_WRITE}

    @extend_schema(operation_id="versions_complete", request=None, responses={202: VersionOut})
    def post(self, request: Request, name: str, number: int) -> Response:
        """Hands a resumable upload, all bytes of which are here, to the gate."""
        version = upload_complete(version=version_get(self.account, name, number))
        return Response(show_version(version, version.adapter), status=202)


def _content_range(request: Request) -> tuple[int, int, int]:
    match = _RANGE.fullmatch(request.headers.get("content-range", ""))
    first, last, total = (int(n) for n in match.groups()) if match else (0, -1, 0)
    if not 0 <= first <= last < total:
        raise InvalidRequest(
            "Send Content-Range: bytes first-last/size.", code="upload_range_invalid"
        )
    return first, last, total


def _pieces(stream: Any) -> Iterator[bytes]:
    # DRF gives {} or a QueryDict in place of a stream where the body is empty.
    while hasattr(stream, "read") and (piece := stream.read(_READ)):
        yield piece
