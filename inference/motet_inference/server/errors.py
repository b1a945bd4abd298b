"""What ends one request in the front, and only it."""


class RequestError(Exception):
    """A refusal: one of the codes of `Failed` in worker.proto, and a message for the client."""

    def __init__(self, code: str, message: str, *, param: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.param = param


class InvalidRequest(RequestError):
    """A field has a value that is not allowed."""

    def __init__(self, message: str, *, param: str = "") -> None:
        super().__init__("invalid_request", message, param=param)


class UnsupportedTokenizer(Exception):
    """The base folder's tokenizer uses something that is not built; the worker does not start."""
