"""What every folder of worker tests may need."""

from collections.abc import Callable, Iterator

import pytest
from motet_inference.ranks.leader import Followers


@pytest.fixture(scope="session")
def ranks() -> Iterator[Callable[..., Followers]]:
    """ranks(size, device) -> the other ranks; those of another size leave before they come."""
    there: dict[tuple[int, str], Followers] = {}

    def get(size: int, device: str = "cpu") -> Followers:
        if (size, device) not in there:
            while there:
                there.popitem()[1].close()
            there[size, device] = Followers(size, device)
        return there[size, device]

    yield get
    for followers in there.values():
        followers.close()
