"""The pool of cache blocks, and which of them hold a known beginning of a prompt."""

import hashlib
from array import array
from collections import Counter, OrderedDict
from collections.abc import Iterable

Hash = bytes


def chain_seed(*, salt: bytes, revision: str, adapter: str | None) -> Hash:
    """The start of a hash chain: blocks are shared within one tenant, base and adapter only.

    Each part is preceded by its kind and length, so that no two different triples read the same.
    """
    digest = hashlib.blake2b(b"motet-kv-v1", digest_size=32)
    parts = [(b"salt", salt), (b"base", revision.encode())]
    if adapter is not None:
        parts.append((b"lora", adapter.encode()))
    for kind, value in parts:
        digest.update(kind + len(value).to_bytes(8, "little") + value)
    return digest.digest()


def extend_chain(hashes: list[Hash], seed: Hash, tokens: list[int], block_size: int) -> None:
    """Append the hashes of the full blocks of `tokens` that `hashes` does not cover yet."""
    for block in range(len(hashes), len(tokens) // block_size):
        parent = hashes[-1] if hashes else seed
        content = array("q", tokens[block * block_size : (block + 1) * block_size]).tobytes()
        hashes.append(hashlib.blake2b(parent + content, digest_size=32).digest())


class BlockPool:
    """Blocks with reference counts; what nobody holds stays readable until it is reused.

    A block is free, held by one, or shared. Shared ones are full and never written to. Among free
    blocks the one released longest ago is reused first.
    """

    def __init__(self, num_blocks: int, *, prefix_cache: bool = True) -> None:
        self.num_blocks = num_blocks
        self._prefix_cache = prefix_cache
        self._references = [0] * num_blocks
        self._free: OrderedDict[int, None] = OrderedDict.fromkeys(range(num_blocks))
        self._block_of: dict[Hash, int] = {}
        self._hash_of: dict[int, Hash] = {}

    @property
    def num_free(self) -> int:
        return len(self._free)

    def match(self, hashes: Iterable[Hash]) -> list[int]:
        """The blocks of the longest known beginning; takes none of them."""
        found: list[int] = []
        for key in hashes:
            block = self._block_of.get(key)
            if block is None:
                break
            found.append(block)
        return found

    def num_free_among(self, blocks: Iterable[int]) -> int:
        """How many of these `take` would remove from the free ones."""
        return sum(1 for block in blocks if self._references[block] == 0)

    def take(self, blocks: Iterable[int]) -> None:
        """Hold blocks that `match` found."""
        for block in blocks:
            if self._references[block] == 0:
                del self._free[block]
            self._references[block] += 1

    def allocate(self, count: int) -> list[int]:
        """Hold `count` fresh blocks; at most `num_free`."""
        assert 0 <= count <= len(self._free), f"{count} of {len(self._free)} free blocks"
        taken = [self._free.popitem(last=False)[0] for _ in range(count)]
        for block in taken:
            self._references[block] = 1
            known = self._hash_of.pop(block, None)
            if known is not None:
                del self._block_of[known]
        return taken

    def release(self, blocks: Iterable[int]) -> None:
        """Let go of blocks in the order of their positions.

        The last position is freed first: a chain without its end is of use, one without its
        beginning is not.
        """
        for block in reversed(list(blocks)):
            assert self._references[block] > 0, f"block {block} released twice"
            self._references[block] -= 1
            if self._references[block] == 0:
                self._free[block] = None

    def publish(self, block: int, key: Hash) -> None:
        """Let later prompts find this held block, which is full and computed, under its hash."""
        if self._prefix_cache and key not in self._block_of and block not in self._hash_of:
            self._block_of[key] = block
            self._hash_of[block] = key

    def check_integrity(self, held: Iterable[Iterable[int]]) -> None:
        """Compare the books with what the holders say.

        Raises:
            AssertionError: a block leaked, is held without a reference, or is free and held.
        """
        counted = Counter(block for blocks in held for block in blocks)
        for block, references in enumerate(self._references):
            assert references == counted[block], (
                f"block {block}: {references} references, {counted[block]} holders"
            )
            assert (references == 0) == (block in self._free), f"block {block} is half free"
        assert {key: block for block, key in self._hash_of.items()} == self._block_of
