"""Whom a customer's command speaks to, and with which key."""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

DEFAULT_URL = "http://127.0.0.1:8000"


class ProfileError(Exception):
    """There is no usable profile; the message says what to do."""


@dataclass(frozen=True)
class Profile:
    """`base_url` is the server's root, without /v1."""

    base_url: str
    api_key: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[!-~]+", self.api_key):
            raise ProfileError("that is no key: copy it anew, it begins with mot_live_")

    @property
    def is_exposed(self) -> bool:
        """True where the key would cross a network in clear."""
        parts = urlsplit(self.base_url)
        return parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1")


def path() -> Path:
    root = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(root) / "motet" / "profile.json"


def root_url(url: str) -> str:
    """The server's root, of an address with or without /v1."""
    url = url.rstrip("/").removesuffix("/v1").rstrip("/")
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise ProfileError(f"{url!r} is no address: write it as {DEFAULT_URL}")
    return url


def load() -> Profile:
    """MOTET_API_KEY and MOTET_BASE_URL before the saved profile. A key from the environment is
    never sent to the saved address of another: without MOTET_BASE_URL it goes to the saved one
    only where it is the saved key, else to the default."""
    saved = _saved()
    key = os.environ.get("MOTET_API_KEY") or (saved.api_key if saved else "")
    if not key:
        raise ProfileError("no key: run `motet login`, or set MOTET_API_KEY")
    url = os.environ.get("MOTET_BASE_URL")
    if not url:
        url = saved.base_url if saved and saved.api_key == key else DEFAULT_URL
    return Profile(root_url(url), key)


def save(profile: Profile) -> Path:
    """Writes the profile for its owner's eyes only."""
    target = path()
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = target.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(asdict(profile), file, indent=2)
    fresh.replace(target)
    return target


def _saved() -> Profile | None:
    try:
        return Profile(**json.loads(path().read_text()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise ProfileError(f"{path()} cannot be read: run `motet login` again") from error
