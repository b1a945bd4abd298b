"""Django's ASGI application; gateway.app puts the inference application before it."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "motet_platform.settings")
application = get_asgi_application()
