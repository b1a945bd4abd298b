"""`motet login`."""

from __future__ import annotations

import sys
from typing import Annotated

import httpx
import typer

from motet_platform.cli.client import ApiError, check, connect
from motet_platform.cli.output import DENIED, OUT_OF_REACH, fail, note
from motet_platform.cli.profile import DEFAULT_URL, Profile, ProfileError, root_url, save


def login(
    base_url: Annotated[str, typer.Option(envvar="MOTET_BASE_URL")] = DEFAULT_URL,
    key_stdin: Annotated[
        bool, typer.Option("--key-stdin", help="Read the key from stdin.")
    ] = False,
) -> None:
    """Save a key, after trying it, for the commands that follow."""
    key = sys.stdin.readline() if key_stdin else typer.prompt("API key", hide_input=True, err=True)
    try:
        profile = Profile(root_url(base_url), key.strip())
        with connect(profile) as client:
            models = check(client.get("models"))["data"]
        path = save(profile)
    except ProfileError as error:
        fail(str(error), DENIED)
    except ApiError as error:
        fail(f"{error} ({error.code})", error.exit_code)
    except httpx.HTTPError as error:
        fail(f"the server cannot be reached: {error}", OUT_OF_REACH)
    note(f"logged in to {profile.base_url}: {len(models)} models; saved in {path}")
