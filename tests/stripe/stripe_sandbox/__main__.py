"""`python -m stripe_sandbox`: the sandbox, not Stripe, at a port of 127.0.0.1 until SIGTERM.

Its first line of output is its address.
"""

import argparse
import signal
import sys
import threading
from pathlib import Path

from .server import Sandbox
from .webhooks import Courier


def main() -> None:
    parser = argparse.ArgumentParser(prog="stripe_sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 for any that is free")
    parser.add_argument("--webhook", default="", help="where events are delivered")
    parser.add_argument("--secret", default="whsec_sandbox", help="signs the deliveries")
    parser.add_argument("--state", type=Path, help="file that keeps the objects over a restart")
    given = parser.parse_args()
    courier = Courier(url=given.webhook, secret=given.secret)
    sandbox = Sandbox(given.port, courier, given.state)
    courier.start()
    signal.signal(
        signal.SIGTERM, lambda *_: threading.Thread(target=sandbox.shutdown, daemon=True).start()
    )
    sys.stdout.write(f"sandbox, not Stripe: {sandbox.store.base_url}\n")
    sys.stdout.flush()
    sandbox.serve_forever(poll_interval=0.1)


if __name__ == "__main__":
    main()
