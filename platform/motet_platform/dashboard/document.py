"""The API's description for the dashboard's types: `python -m motet_platform.dashboard.document`.

The same as /v1/openapi.json, without what differs between installations.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from typing import Any

import django


def document() -> dict[str, Any]:
    """Needs Django to be set up."""
    from drf_spectacular.generators import SchemaGenerator

    described: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    del described["servers"], described["info"]["version"]
    return described


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "motet_platform.settings")
    os.environ.setdefault("MOTET_SECRET_KEY", secrets.token_hex())  # nothing is kept or signed
    django.setup()
    sys.stdout.write(json.dumps(document(), indent=1) + "\n")


if __name__ == "__main__":
    main()
