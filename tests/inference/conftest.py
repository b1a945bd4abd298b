"""What every folder of worker tests may need."""

from collections.abc import Callable, Iterator

import pytest
from motet_inference.ranks.leader import Followers


@pytest.fixture(scope="session")
def ranks() -> Iterator[Callable[..., Followers]]:
    """ranks(size, device) -> the other ranks; those of another size leave before they come.

    A loss is printed.
    """
    there: dict[tuple[int, str], Followers] = {}

    def get(size: int, device: str = "cpu") -> Followers:
        known = there.get((size, device))
        if known is None or known.lost(timeout=0):
            while there:
                there.popitem()[1].close()
            there[size, device] = Followers(size, device, on_loss=print)
        return there[size, device]

    yield get
    for followers in there.values():
        followers.close()
