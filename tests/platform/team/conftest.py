from typing import Any

import pytest


@pytest.fixture
def at_auth() -> Any:
    """`at_auth(user)`: a client with the user's session at /auth."""
    from rest_framework.test import APIClient

    def client(user: Any) -> Any:
        api = APIClient()
        api.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return api

    return client
