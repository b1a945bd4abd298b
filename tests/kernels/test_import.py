import subprocess
import sys

SCRIPT = """
import sys
sys.modules["triton"] = None
import torch
import motet_kernels
assert motet_kernels.silu_mul(motet_kernels.Product.of(torch.ones(1, 2))).shape == (1, 1)
try:
    import motet_kernels._triton
except ImportError as error:
    assert "gpu" in str(error), error
else:
    raise AssertionError("no error without triton")
"""


def test_needs_no_triton_and_says_so_when_it_does() -> None:
    subprocess.run([sys.executable, "-c", SCRIPT], check=True, timeout=120)


def test_a_cpu_call_does_not_import_triton() -> None:
    script = "import sys, torch, motet_kernels as m; m.silu_mul(m.Product.of(torch.ones(1, 2))); "
    script += "assert 'motet_kernels._triton' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)
