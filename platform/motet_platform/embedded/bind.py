"""Starts a program that ends with its parent: `python bind.py SIGNAL PARENT UID:GID PROGRAM...`.

A launcher of its own, run with `-I -S` in some 15 ms, so that no Python code runs between fork and
exec of a process that has threads. It changes the user first, because that clears the death signal.
"""

import ctypes  # before the change of user, who may not be able to read Python's own folder
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def bind_to_parent(number: int, parent: int) -> None:
    """Asks Linux for a signal at the parent's death; elsewhere the next start clears up."""
    if not sys.platform.startswith("linux"):
        return
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:  # it died before the signal was asked for
        os.kill(os.getpid(), number)


def main(arguments: list[str]) -> None:
    number, parent, user, *command = arguments
    if user:
        uid, gid = (int(part) for part in user.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    bind_to_parent(int(signal.Signals[number]), int(parent))
    os.execvp(command[0], command)  # noqa: S606  (the command comes from the supervisor alone)


if __name__ == "__main__":
    main(sys.argv[1:])
