"""Every page: the router's route, an address of it, and its heading."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shown:
    route: str
    heading: str
    address: str = ""  # where it is not the route itself

    def path(self, request_id: str = "") -> str:
        """`request_id`: of a request of the account; one page is about one."""
        return (self.address or self.route).replace("$id", request_id)


# For whoever is not signed in.
GUEST = {
    "login": Shown("/login", "Sign in"),
    "signup": Shown("/signup", "Create an account"),
    "verify": Shown("/verify-email", "Check your mail"),
    "factor": Shown("/second-factor", "Second factor"),
    "reset": Shown("/reset-password", "Reset the password"),
    "new-password": Shown("/reset-password/$key", "Set a new password", "/reset-password/abc"),
    "lost": Shown("", "Nothing is here", "/nowhere"),
}
# For the demo account's owner.
INSIDE = {
    "invitation": Shown("/invitations/$key", "Join an account", "/invitations/abc"),
    "new-account": Shown("/new-account", "Name the account"),
    "overview": Shown("/", "Overview"),
    "start": Shown("/start", "First call"),
    "playground": Shown(
        "/playground", "Playground", "/playground?models=motet-tiny,demo/pirate,demo/triage"
    ),
    "adapters": Shown("/adapters", "Adapters"),
    "adapter": Shown("/adapters/$name", "demo/pirate", "/adapters/pirate"),
    "models": Shown("/models", "Models"),
    "model": Shown("/models/$id", "motet-tiny", "/models/motet-tiny"),
    "keys": Shown("/keys", "API keys"),
    "usage": Shown("/usage", "Usage", "/usage?range=24h"),
    "request": Shown("/requests/$id", "Request"),
    "billing": Shown("/billing", "Billing"),
    "team": Shown("/team", "Team"),
    "status": Shown("/status", "Status"),
    "settings": Shown("/settings", "Settings"),
}
# For the staff of the installation.
STAFF = {"operator": Shown("/operator", "Operator")}
