"""The two-file form of an upload: multipart with the parts `adapter_config` and `adapter_model`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.files.uploadhandler import FileUploadHandler
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from motet_inference.rpc.digest import adapter_digest
from rest_framework.parsers import BaseParser

from motet_platform.adapters.gate.lora_config import MAX_BYTES
from motet_platform.adapters.models import Part
from motet_platform.adapters.receive import Limit, Received
from motet_platform.config import get_config
from motet_platform.errors import InvalidRequest, PayloadTooLarge

_OVERHEAD = 64 * 1024  # of the form itself: boundaries and part headers


class AdapterFiles(dict[str, Received]):
    """part -> file, both there. The caller closes it."""

    @property
    def size(self) -> int:
        return sum(received.size for received in self.values())

    @property
    def digest(self) -> str:
        """The identity of a version that has these bytes."""
        return adapter_digest(self[Part.CONFIG].sha256, self[Part.MODEL].sha256)

    def close(self) -> None:
        for received in self.values():
            received.close()


class _Handler(FileUploadHandler):
    """Takes each file as it arrives; file names of the client are never used."""

    def __init__(self) -> None:
        super().__init__()
        self.files = AdapterFiles()
        self.interrupted = False

    def new_file(self, field_name: str, *args: Any, **kwargs: Any) -> None:
        super().new_file(field_name, *args, **kwargs)
        if field_name not in Part.values:
            raise InvalidRequest(
                f"Unexpected part: send exactly {' and '.join(Part.values)}.",
                code="upload_part_unexpected",
            )
        if field_name in self.files:
            raise InvalidRequest(
                f"The part {field_name} came twice.", code="upload_part_duplicate", param=field_name
            )
        self.files[field_name] = Received(Limit.of(Part(field_name)))

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        assert self.field_name is not None
        self.files[self.field_name].write(raw_data)

    def file_complete(self, file_size: int | None) -> None:
        """No upload object of Django's: `files` has it."""

    def upload_interrupted(self) -> None:
        self.interrupted = True


class AdapterUploadParser(BaseParser):
    """`request.data` becomes AdapterFiles; on any refusal nothing is left on disk."""

    media_type = "multipart/form-data"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> AdapterFiles:
        assert parser_context is not None
        meta = {**parser_context["request"].META, "CONTENT_TYPE": media_type}
        _refuse_length(meta)
        handler = _Handler()
        try:
            fields, _ = MultiPartParser(meta, stream, [handler], "utf-8").parse()
            _refuse_incomplete(handler, dict(fields))
            for received in handler.files.values():
                received.finish()
        except MultiPartParserError:
            handler.files.close()
            raise InvalidRequest(
                "The multipart form is malformed.", code="upload_malformed"
            ) from None
        except BaseException:
            handler.files.close()
            raise
        return handler.files


def _refuse_length(meta: Mapping[str, Any]) -> None:
    # There is a length: DRF does not call a parser without one.
    if int(meta["CONTENT_LENGTH"]) > get_config().max_upload_bytes + MAX_BYTES + _OVERHEAD:
        raise PayloadTooLarge(
            f"An adapter may have {get_config().max_upload_bytes} bytes.", code="upload_too_large"
        )


def _refuse_incomplete(handler: _Handler, fields: Mapping[str, Any]) -> None:
    if handler.interrupted:
        raise InvalidRequest("The upload ended early: send it again.", code="upload_incomplete")
    for name in fields:
        if name in Part.values:
            raise InvalidRequest(
                f"{name} must be a file (curl: -F {name}=@...).",
                code="upload_part_not_a_file",
                param=name,
            )
        raise InvalidRequest(
            f"Unexpected part: send exactly {' and '.join(Part.values)}.",
            code="upload_part_unexpected",
        )
    for name in Part.values:
        if name not in handler.files:
            raise InvalidRequest(
                f"The part {name} is missing.", code="upload_part_missing", param=name
            )
