"""How a weight is shared out to the programs that stream it.

All of this is tuning only: any plan gives the same sums, but for their order.
"""

from dataclasses import dataclass
from functools import cache

import triton

from motet_kernels._triton.launch import power_of_two
from motet_kernels.product import FEW_ROWS


@dataclass(frozen=True)
class Plan:
    """How a weight [N, K] is shared out: `rows` of it and `chunk` columns for each program.

    Attributes:
        ahead: lines of 128 bytes of each row that are brought into L2 early.
    """

    rows: int
    splits: int
    chunk: int
    block_n: int
    block_k: int
    ahead: int
    stages: int


@cache
def plan_of(outputs: int, inputs: int, programs: int) -> Plan:
    """As many splits as leave each program at most 64 rows of the weight.

    Fewer rows cost, since each program reads all of x's columns again for them; more than 64 and a
    split cost as well (tests/bench/stream.py, on an H100).
    """
    most = max(1, min(8, inputs // 512))
    plans = [share_out(outputs, inputs, s, programs) for s in (1, 2, 4, 8) if s <= most]
    return next((plan for plan in reversed(plans) if plan.rows <= 64), plans[0])


def share_out(outputs: int, inputs: int, splits: int, programs: int) -> Plan:
    """The plan of so many splits, for so many programs at most that are on the device at once."""
    rows = triton.cdiv(outputs, max(1, programs // splits))
    rows = min(128, triton.cdiv(rows, 8) * 8)
    block_n, block_k = max(16, power_of_two(rows)), 128
    stage = 2 * block_k * (block_n + FEW_ROWS)
    return Plan(
        rows=rows,
        splits=splits,
        chunk=triton.cdiv(triton.cdiv(inputs, splits), block_k) * block_k,
        block_n=block_n,
        block_k=block_k,
        # Some 32 to 64 KiB for each program: what L2 can hold of all of them.
        ahead=4,
        # So that two programs share a multiprocessor, with a little room beside them.
        stages=max(2, min(5, 110 * 1024 // stage)),
    )
