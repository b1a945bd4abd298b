"""Entry of the gate's child process: a job as JSON on stdin, the verdict as JSON on stdout.

The limits are set before anything of the job is read, so what a hostile file can do ends here: no
memory beyond the limit, no processor time beyond it, no file written, no core dumped.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any


def bound(*, memory: int, seconds: int) -> None:
    """Gives up, for good, the means to do harm."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def verdict(job: dict[str, Any]) -> dict[str, Any]:
    # Imported only now, inside the limits; the address space is what NumPy's threads would eat.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    from motet_platform.adapters.gate.check import check
    from motet_platform.adapters.gate.refusal import Refusal

    try:
        facts = check(
            Path(job["config"]), Path(job["model"]), job["base"], max_rank=job["max_rank"]
        )
    except Refusal as refusal:
        return {"code": refusal.code, "message": refusal.message}
    except MemoryError:
        return {
            "code": "gate_memory",
            "message": "Checking this adapter takes more memory than an adapter should.",
        }
    return {"facts": facts}


def main() -> None:
    bound(memory=int(sys.argv[1]), seconds=int(sys.argv[2]))
    json.dump(verdict(json.load(sys.stdin)), sys.stdout)


if __name__ == "__main__":
    main()
