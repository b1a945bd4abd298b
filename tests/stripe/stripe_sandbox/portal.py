"""Customer Portal sessions."""

from .routes import route
from .store import Object, Store


@route("post", "/v1/billing_portal/sessions")
def create(store: Store, params: Object) -> Object:
    store.get("customer", params.get("customer", ""))
    session = store.new(
        "billing_portal.session", "bps",
        customer=params["customer"], return_url=params.get("return_url"), configuration=None,
    )  # fmt: skip
    session["url"] = f"{store.base_url}/p/session/{session['id']}"
    return session
