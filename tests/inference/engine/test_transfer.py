"""What is packed for one transfer comes out as it went in."""

import pytest
import torch
from motet_inference.engine.transfer import pack, send, unpack

TENSORS = [
    torch.arange(5),
    torch.tensor([], dtype=torch.int64).view(2, 0),
    torch.rand(3, 1),
    torch.arange(7, dtype=torch.int32).view(7, 1).t(),
    torch.tensor([True, False]),
    torch.rand(2, 3, dtype=torch.float64),
]


def test_it_works() -> None:
    for one, two in zip(TENSORS, unpack(pack(TENSORS), TENSORS), strict=True):
        assert one.dtype == two.dtype and torch.equal(one, two)
        assert two.data_ptr() % 16 == 0
    assert unpack(pack([]), []) == []


def test_nothing_is_copied_where_it_is() -> None:
    assert all(one is two for one, two in zip(TENSORS, send(TENSORS, "cpu"), strict=True))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_to_a_cuda_device() -> None:
    for one, two in zip(TENSORS, send(TENSORS, "cuda"), strict=True):
        assert two.is_cuda and torch.equal(one, two.cpu())
