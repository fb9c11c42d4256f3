"""The tar stream: written in one way, and read back from pieces of any size."""

from __future__ import annotations

from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.errors import InvalidPack
from packreg.pack import ustar
from packreg.pack.files import DEFAULT_LIMITS, File, Limits


def test_a_header_has_room_for_what_is_accepted() -> None:
    """Sizes and names that do not fit a header have none, instead of a damaged one."""
    assert ustar.header(b"package/x", 8**11 - 1, False) is not None
    assert ustar.header(b"package/x", 8**11, False) is None
    assert ustar.header(b"package/" + b"x" * 101, 0, False) is None


FILES = {"a": File(b""), "b": File(b"x" * 512, True), "c/d": File(b"y" * 700)}


@given(st.lists(st.integers(1, 600)), st.booleans())
def test_what_was_written_is_read_from_pieces_of_any_size(sizes: list[int], keep: bool) -> None:
    """How a stream is cut has no influence; without `keep` only the bytes of files are missing."""
    data = ustar.write(FILES.items())
    cuts = [0, *(cut for cut in accumulate(sizes) if cut < len(data)), len(data)]
    stream = ustar.Stream(data[start:end] for start, end in pairwise(cuts))
    read = dict(ustar.read(stream, DEFAULT_LIMITS, keep=keep))
    wanted = FILES if keep else {path: File(b"", file.executable) for path, file in FILES.items()}
    assert read == wanted


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("end", [0, 1, 511, 512, 1024, 2047, 2747, 2748, 3071, 3072, 3583, 3584, 4095])
def test_a_stream_that_stops_is_refused(end: int, keep: bool) -> None:
    """Cut anywhere, also inside a file that is passed over, it is no bundle."""
    data = ustar.write(FILES.items())
    assert len(data) == 3 * 512 + 512 + 1024 + 1024
    with pytest.raises(InvalidPack, match=r"tar-truncated|tar-no-end"):
        list(ustar.read(ustar.Stream(iter([data[:end]])), DEFAULT_LIMITS, keep=keep))


def test_the_limits_may_be_reached() -> None:
    """So many files and bytes are read; one less is allowed, and it is refused."""
    data = ustar.write(FILES.items())

    def read(limits: Limits) -> int:
        return len(list(ustar.read(ustar.Stream(iter([data])), limits)))

    assert read(Limits(members=3, unpacked=1212)) == 3
    with pytest.raises(InvalidPack, match="more than 2 files"):
        read(Limits(members=2))
    with pytest.raises(InvalidPack, match="more than 1211 bytes"):
        read(Limits(unpacked=1211))
