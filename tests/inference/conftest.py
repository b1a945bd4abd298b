"""What every folder of worker tests may need."""

from collections.abc import Iterator

import pytest
from motet_inference.ranks.leader import Followers


class Ranks:
    """The other ranks of this process: it can be rank 0 of one set at a time. A loss is printed."""

    def __init__(self) -> None:
        self._followers: Followers | None = None

    def __call__(self, size: int, device: str = "cpu") -> Followers:
        """Those that are there if they are as asked for, else new ones."""
        there = self._followers
        if there is None or there.lost(timeout=0) or _kind(there) != (size, device):
            self.leave()
            self._followers = Followers(size, device, on_loss=print)
        assert self._followers is not None
        return self._followers

    def leave(self) -> None:
        if self._followers is not None:
            self._followers.close()
            self._followers = None


def _kind(followers: Followers) -> tuple[int, str]:
    return followers.shard.size, followers.device.type


@pytest.fixture(scope="session")
def ranks() -> Iterator[Ranks]:
    """ranks(size, device) -> the other ranks; shared, since it takes seconds to start them."""
    shared = Ranks()
    yield shared
    shared.leave()
