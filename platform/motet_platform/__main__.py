"""`python -m motet_platform` is `motet`; with `django` as its first word, Django's manage.py."""

from __future__ import annotations

import sys

from motet_platform.cli.main import app
from motet_platform.cli.operator import django_command


def main() -> None:
    if sys.argv[1:2] == ["django"]:
        django_command(sys.argv[2:])
    else:
        app(prog_name="motet")


if __name__ == "__main__":
    main()
