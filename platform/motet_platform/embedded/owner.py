"""Which system user runs PostgreSQL, which refuses to run as root."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import EmbeddedError

USER_VARIABLE = "MOTET_POSTGRES_USER"
DEFAULT_USER = "motet"


@dataclass(frozen=True)
class Owner:
    """A system user; `switch` is False when this process already is that user."""

    name: str
    uid: int
    gid: int
    switch: bool

    @property
    def popen(self) -> dict[str, Any]:
        """Keyword arguments for subprocess that start a program as this user alone."""
        if not self.switch:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can_enter(self, folder: Path) -> bool:
        """Asks the kernel, by doing it, so that access lists and mounts count too."""
        probe = ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)]
        done = subprocess.run(probe, stderr=subprocess.DEVNULL, **self.popen)  # noqa: S603
        return done.returncode == 0

    def give(self, path: Path) -> None:
        """Hands over a file or folder that the caller has just made."""
        if self.switch:
            os.chown(path, self.uid, self.gid)


def current_owner() -> Owner:
    """The user to run PostgreSQL as: oneself, or as root a user without rights."""
    if os.geteuid() != 0:
        me = os.geteuid()
        return Owner(_name(me), me, os.getegid(), switch=False)
    name = os.environ.get(USER_VARIABLE, DEFAULT_USER)
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        entry = _create(name)
    if entry.pw_uid == 0:
        raise EmbeddedError(f"{USER_VARIABLE}={name} is root; PostgreSQL needs another user")
    return Owner(name, entry.pw_uid, entry.pw_gid, switch=True)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # a container may run under a number that has no entry
        return str(uid)


def _create(name: str) -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    hint = f"create a user without rights and name it in {USER_VARIABLE}, or set MOTET_DATABASE_URL"
    if useradd is None:
        raise EmbeddedError(f"PostgreSQL refuses to run as root and there is no useradd: {hint}")
    command = [useradd, "--system", "--user-group", "--no-create-home"]
    command += ["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", name]
    done = subprocess.run(command, capture_output=True, text=True)  # noqa: S603
    try:
        return pwd.getpwnam(name)
    except KeyError:
        raise EmbeddedError(
            f"could not create user {name} ({done.stderr.strip()}): {hint}"
        ) from None
