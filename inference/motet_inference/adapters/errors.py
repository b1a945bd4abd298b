"""The one error of this folder."""

from typing import Literal

AdapterCode = Literal["adapter_unavailable", "adapter_digest_mismatch", "adapter_incompatible"]


class AdapterError(Exception):
    """An adapter cannot be used. `code` is one of `Failed` in worker.proto.

    adapter_unavailable: its files could not be had; another try may help.
    adapter_digest_mismatch: the files are not those that the digest names.
    adapter_incompatible: the files are not an adapter for this base, or use what is not served.
    The message is safe to show to the adapter's owner.
    """

    def __init__(self, code: AdapterCode, message: str) -> None:
        super().__init__(message)
        self.code: AdapterCode = code
        self.message = message
