"""How ranks find one another: torch.distributed, gloo on the CPU and NCCL on CUDA."""

from __future__ import annotations

import gc
import os
import socket
import sys
from datetime import timedelta

import torch
import torch.distributed as dist

from motet_inference.ranks.collectives import total
from motet_inference.ranks.shard import Shard

# Nobody waits so long for a rank that died: its end is seen by its pipe. It bounds how much later
# than others a rank may have read its share of a model.
_PATIENCE = timedelta(minutes=30)
_HOST = "127.0.0.1"


def listen() -> socket.socket:
    """Where the other ranks will ask rank 0 for one another; loopback, any free port."""
    return socket.create_server((_HOST, 0))


def port_of(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


def join(
    shard: Shard, device: torch.device, *, port: int, listener: socket.socket | None = None
) -> None:
    """Meet the others, once in a process's life or again after `leave`.

    Args:
        shard: of at least two ranks.
        device: this rank's.
        port: of rank 0's `listener`.
        listener: rank 0's, which is taken over.

    Raises:
        RuntimeError: they do not come, or cannot add up a number.
    """
    if device.type == "cpu" and sys.platform == "linux":
        # Without it gloo listens wherever the host's name leads.
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    store = dist.TCPStore(  # type: ignore[attr-defined]
        _HOST,
        port,
        shard.size,
        is_master=shard.rank == 0,
        timeout=_PATIENCE,
        wait_for_workers=False,
        master_listen_fd=listener.detach() if listener else None,
    )
    dist.init_process_group(
        "nccl" if device.type == "cuda" else "gloo",
        store=store,
        rank=shard.rank,
        world_size=shard.size,
        timeout=_PATIENCE,
        device_id=device if device.type == "cuda" else None,
    )
    sum_of_ones = int(total(torch.ones(1, device=device), shard))
    if sum_of_ones != shard.size:
        raise RuntimeError(f"{shard.size} ranks have a sum of {sum_of_ones}")


def leave() -> None:
    """Part from the others; they must all do so, or have ended.

    Drop what recorded collectives before: NCCL waits for the graphs that hold them.
    """
    gc.collect()
    dist.destroy_process_group()


def device_of(first: torch.device, shard: Shard) -> torch.device:
    """This rank's device, where rank 0 has `first`: the CUDA devices after it, or the CPU.

    Makes it the process's current one. Raises ValueError where there are too few.
    """
    if first.type != "cuda":
        return first
    if not torch.cuda.is_available():
        raise ValueError(f"device {first}: there is no CUDA device")
    start, there = first.index or 0, torch.cuda.device_count()
    if start + shard.size > there:
        wanted = f"cuda:{start}" if shard.size == 1 else f"cuda:{start} to {start + shard.size - 1}"
        raise ValueError(f"device {wanted}: there are {there} CUDA devices")
    device = torch.device("cuda", start + shard.rank)
    torch.cuda.set_device(device)
    return device
