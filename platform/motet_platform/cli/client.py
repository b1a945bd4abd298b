"""The HTTP side of customers' commands: one client, and errors as exit codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from motet_platform.cli.output import DENIED, FAILED, NOT_FOUND, OUT_OF_REACH, fail, note
from motet_platform.cli.profile import Profile, ProfileError, load


class ApiError(Exception):
    """An error that the server answered with."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    @property
    def exit_code(self) -> int:
        by_status = {401: DENIED, 403: DENIED, 404: NOT_FOUND}
        return by_status.get(self.status, OUT_OF_REACH if self.status >= 502 else FAILED)


def connect(profile: Profile, *, timeout: float = 60.0) -> httpx.Client:
    return httpx.Client(
        base_url=f"{profile.base_url}/v1/",
        headers={"authorization": f"Bearer {profile.api_key}", "user-agent": "motet-cli"},
        timeout=httpx.Timeout(timeout, connect=10.0),
    )


@contextmanager
def api(*, timeout: float = 60.0) -> Iterator[httpx.Client]:
    """A client with the user's key. What goes wrong inside ends the command with one line."""
    try:
        profile = load()
        if profile.is_exposed:
            note(f"warning: {profile.base_url} is not https, so the key can be read on its way")
        with connect(profile, timeout=timeout) as client:
            yield client
    except ProfileError as error:
        fail(str(error), DENIED)
    except ApiError as error:
        fail(f"{error} ({error.code})", error.exit_code)
    except httpx.HTTPError as error:
        fail(f"the server cannot be reached: {error or type(error).__name__}", OUT_OF_REACH)


def check(response: httpx.Response) -> Any:
    """The answer's body, or ApiError."""
    if response.is_success:
        return response.json() if response.content else None
    response.read()
    try:
        error = response.json()["error"]
        code, message = str(error["code"]), str(error["message"])
    except (ValueError, KeyError, TypeError):
        code, message = "unexpected_answer", f"the server answered {response.status_code}"
    raise ApiError(response.status_code, code, message)


def adapter_path(name: str) -> str:
    """`adapters/{name}`, and never another address: ApiError as for one that is not there."""
    if not re.fullmatch(r"[\w-][\w.-]*", name, re.ASCII):
        hint = f" Write its bare name: {name.rsplit('/', 1)[1]}." if "/" in name else ""
        raise ApiError(404, "adapter_not_found", f"There is no such adapter.{hint}")
    return f"adapters/{name}"


def listed(client: httpx.Client, path: str) -> Iterator[dict[str, Any]]:
    """Everything in a list, page after page."""
    after: str | None = None
    while True:
        query = {"limit": "200"} | ({"after": after} if after else {})
        page = check(client.get(path, params=query))
        yield from page["data"]
        after = page["next"]
        if after is None:
            return
