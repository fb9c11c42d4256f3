"""What a seal says, read with suspicion and written for every reader."""

from __future__ import annotations

import json
from typing import Any

import pytest

from packreg.errors import IntegrityError, InvalidPack, PackregError, StoreRefused
from packreg.registry.artifacts import Artifact
from packreg.registry.layout import seal_key
from packreg.registry.seals import Seal, Sealed, new_seal
from packreg.store.memory import MemoryBucket

from .packs import NOW, record
from .test_sealing import LINUX, ONE, V1, home, sealed
from .test_verification import findings

__all__ = ["home"]


def written(**changes: Any) -> bytes:
    """The bytes of a seal with some members changed."""
    made = Seal("guard", V1, Sealed((ONE,), (LINUX,)), "ann", NOW, "id")
    return json.dumps(json.loads(made.encode()) | changes).encode()


HOSTILE: dict[str, tuple[bytes, type[PackregError]]] = {
    "another pack's": (written(name="other"), IntegrityError),
    "another version's": (written(version="2.0.0"), IntegrityError),
    "no list": (written(artifacts={}), IntegrityError),
    "a path": (written(artifacts=[ONE._asdict() | {"name": "../../x.whl"}]), IntegrityError),
    "an absolute path": (written(artifacts=[ONE._asdict() | {"name": "/etc/x.whl"}]), IntegrityError),
    "a huge name": (written(artifacts=[ONE._asdict() | {"name": "x" * 300}]), IntegrityError),
    "a huge size": (written(artifacts=[ONE._asdict() | {"size": 2**60}]), IntegrityError),
    "a platform like an option": (written(sealed_for=["--platform"]), IntegrityError),
    "a platform of two lines": (written(sealed_for=["linux-x86_64\nx"]), IntegrityError),
    "too many platforms": (written(sealed_for=[LINUX] * 1001), IntegrityError),
    "a newer format": (written(format=9), StoreRefused),
    "no JSON": (b"\x00", IntegrityError),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_seal_is_read_with_suspicion(home: MemoryBucket, what: str) -> None:
    """A bucket may be written by anybody; nothing of such a seal is used."""
    data, kind = HOSTILE[what]
    home.put_new(seal_key("guard", V1, 1), data)
    with pytest.raises(kind, match=r"000001-sealed"):
        sealed(home)
    assert findings(home)[0][1:] == ("error", "bad-seal")


def test_a_member_that_is_not_known_is_skipped(home: MemoryBucket) -> None:
    """A newer packreg may add one."""
    home.put_new(seal_key("guard", V1, 1), written(colour="red"))
    assert sealed(home) == Sealed((ONE,), (LINUX,))


def test_what_no_reader_would_accept_is_not_written() -> None:
    """A seal of more than 4 MiB."""
    many = tuple(Artifact(f"{n}.whl", f"{n:064x}", 1) for n in range(40_000))
    with pytest.raises(InvalidPack, match="no reader would accept"):
        new_seal(record().name, record().version, Sealed(many), "ann", NOW, "id")
