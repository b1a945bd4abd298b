"""What the operator's views have: a signed-in person of the staff."""

from __future__ import annotations

from motet_platform.api.address import client_ip
from motet_platform.api.view import ApiView
from motet_platform.audit.actor import Actor
from motet_platform.audit.models import ActorKind
from motet_platform.keys import scopes


class StaffView(ApiView):
    """No key has the scope: only a session's token does, while its person is staff."""

    scopes = {"GET": scopes.OPERATOR, "POST": scopes.OPERATOR}

    def actor(self) -> Actor:
        person = self.key.created_by
        assert person is not None, "the scope comes with a person"
        return Actor(ActorKind.OPERATOR, person.email, client_ip(self.request))
