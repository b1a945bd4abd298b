"""The Stripe sandbox that a checkout brings: a program of its own, for `make up` and for tests."""

import secrets
import socket
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from motet_platform.config import Config

from .child import Spec, python_command
from .errors import UpError

FOLDER = Path(__file__).parents[3] / "tests" / "stripe"


def sandbox_environment(config: Config) -> dict[str, str]:
    """What gateway and tasks are told: where the sandbox is, and secrets made for this run."""
    if not (FOLDER / "stripe_sandbox").is_dir():
        raise UpError(
            "MOTET_STRIPE=sandbox needs a checkout of the project, which has the sandbox: "
            "set MOTET_STRIPE=off, or live with keys of Stripe's"
        )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return {
        "MOTET_STRIPE": "sandbox",
        "MOTET_STRIPE_URL": f"http://127.0.0.1:{port}",
        "MOTET_STRIPE_API_KEY": f"sk_test_{secrets.token_hex(16)}",
        "MOTET_STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(16)}",
    }


def sandbox_spec(config: Config, environment: Mapping[str, str]) -> Spec:
    """The child; its objects are kept in <var>/stripe-sandbox.json."""
    host = f"[{config.host}]" if ":" in config.host else config.host
    command = python_command(
        "-m", "stripe_sandbox",
        "--port", str(urlsplit(environment["MOTET_STRIPE_URL"]).port),
        "--webhook", f"http://{host}:{config.port}/v1/webhooks/stripe",
        "--secret", environment["MOTET_STRIPE_WEBHOOK_SECRET"],
        "--state", str(config.var / "stripe-sandbox.json"),
    )  # fmt: skip
    kept = {name: value for name, value in environment.items() if not name.startswith("MOTET_")}
    return Spec("stripe-sandbox", command, {**kept, "PYTHONPATH": str(FOLDER)}, stop_s=5)
