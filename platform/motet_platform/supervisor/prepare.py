"""Brings the database up to date and seeds the demo: `python -m motet_platform.supervisor.prepare`.

A process of its own, so that the supervisor stays small and never imports Django. Prints the demo
account as one line of JSON, the last of its output.
"""

import json
import os
import sys

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "motet_platform.settings")
    django.setup()
    from django.core.management import call_command

    from motet_platform.accounts.demo import demo_seed

    call_command("migrate", interactive=False, verbosity=0)
    sys.stdout.write(json.dumps(demo_seed()) + "\n")


if __name__ == "__main__":
    main()
