"""A wheel that a pack brings is read within bounds; what it costs in memory is in `attacks/test_bombs.py`."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.errors import InvalidPack
from packreg.pack.wheel_file import MAX_METADATA, wheel_metadata

METADATA = b"Metadata-Version: 2.1\nName: x\n"
INFO = "x-1.dist-info/METADATA"


def wheel(members: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    """A wheel of these members."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", kind) as archive:
        archive.comment = comment
        for name, data in members.items():
            archive.writestr(name, data)
    return whole.getvalue()


@pytest.mark.parametrize("comment", [b"", b"built by hand"])
def test_the_metadata_of_a_good_wheel_is_read(comment: bytes) -> None:
    """Packed or stored, and with a comment behind its list of members."""
    for kind in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
        assert wheel_metadata("x.whl", wheel({INFO: METADATA, "x.py": b"1"}, kind, comment), 100) == METADATA


def test_the_limit_is_on_all_members_together_and_may_be_reached() -> None:
    """Exactly so many bytes are allowed, and one more is refused."""
    data = wheel({INFO: METADATA, "a": b"x" * 50, "b": b"x" * 50})
    most = len(METADATA) + 100
    assert wheel_metadata("x.whl", data, most) == METADATA
    with pytest.raises(InvalidPack, match=f"more than {most - 1} bytes"):
        wheel_metadata("x.whl", data, most - 1)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a zip file"),
        (b"PK\5\6", "not a zip file"),
        (wheel({"x.py": b""}), "exactly one METADATA"),
        (wheel({INFO: METADATA, "y-1.dist-info/METADATA": METADATA}), "exactly one METADATA"),
        (wheel({f"vendored/{INFO}": METADATA}), "exactly one METADATA"),
        (wheel({INFO: b"x" * (MAX_METADATA + 1)}), "exactly one METADATA"),
        (wheel({INFO: METADATA, "x": b"1"}, zipfile.ZIP_LZMA), "compressed in a way that wheels do not use"),
    ],
)
def test_what_is_no_wheel_is_refused_by_name(data: bytes, said: str) -> None:
    """The error names the wheel and says what is wrong with it."""
    with pytest.raises(InvalidPack, match=r"the wheel x\.whl .*" + said):
        wheel_metadata("x.whl", data, 10 * MAX_METADATA)


@given(st.integers(0, 400), st.binary(min_size=1, max_size=8))
def test_a_damaged_wheel_is_refused_or_read(at: int, junk: bytes) -> None:
    """Bytes written over a wheel end in its refusal or in some METADATA, never in another error."""
    data = bytearray(wheel({INFO: METADATA, "x.py": b"print(1)\n" * 9}))
    at = min(at, len(data) - 1)
    data[at : at + len(junk)] = junk
    with suppress(InvalidPack):
        assert isinstance(wheel_metadata("x.whl", bytes(data), 1000), bytes)
