"""Django's ASGI application; gateway.app puts the inference application before it."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "motet_platform.settings")
django.setup(set_prefix=False)

from motet_platform.api.body import StreamingHandler  # noqa: E402  (needs the set-up above)

application = StreamingHandler()
