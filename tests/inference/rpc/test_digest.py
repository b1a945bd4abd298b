"""One digest for both halves."""

import hashlib

import pytest
from motet_inference.rpc.digest import adapter_digest


def test_it_is_the_documented_hash() -> None:
    config, weights = (hashlib.sha256(x).hexdigest() for x in (b"config", b"weights"))
    expected = hashlib.sha256(f"motet-adapter-v1\n{config}\n{weights}\n".encode()).hexdigest()
    assert adapter_digest(config, weights) == expected


def test_the_files_do_not_commute() -> None:
    one, two = (hashlib.sha256(x).hexdigest() for x in (b"1", b"2"))
    assert adapter_digest(one, two) != adapter_digest(two, one)


@pytest.mark.parametrize("bad", ["", "ab", "A" * 64, "g" * 64, "a" * 65, "a" * 64 + "\n"])
def test_what_is_no_digest_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        adapter_digest(bad, "0" * 64)
    with pytest.raises(ValueError, match="SHA-256"):
        adapter_digest("0" * 64, bad)
