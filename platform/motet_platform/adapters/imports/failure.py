"""Why an import ended without files, by a stable code and a sentence that says what to do."""

from __future__ import annotations

from typing import Literal

Code = Literal[
    "import_repository_not_found",
    "import_access_denied",
    "import_revision_not_found",
    "import_file_missing",
    "import_commit_unknown",
    "import_url_refused",
    "import_host_refused",
    "import_too_many_redirects",
    "import_encoding_unsupported",
    "import_source_unavailable",
    "import_source_gone",
    "import_timeout",
    "import_interrupted",
    "import_failed",
    "weights_pickle",  # the gate's own: told before any byte of it was fetched
]


class ImportFailure(Exception):
    """`message` is for the adapter's owner; neither part of it ever holds a token or a query."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code: Code = code
        self.message = message


class ImportCancelled(Exception):
    """The version was deleted, or ended by somebody else: there is nobody to tell."""


class ImportReleased(Exception):
    """This process ends: another one begins the import anew."""
