"""Why a release was yanked, restored or removed."""

from __future__ import annotations

import pytest

from packreg.errors import IntegrityError
from packreg.pack.version import Version
from packreg.registry.notices import Notice

from .packs import NOW

V1 = Version("1.0.0")


def test_a_notice_belongs_to_one_release() -> None:
    """A yank or tombstone of another release at this key is an integrity error."""
    notice = Notice.say("guard", V1, "broken\n" * 1000, "ann", NOW, "id")
    assert Notice.decode(notice.encode(), "key", "guard", V1) == notice
    with pytest.raises(IntegrityError, match=r"is about guard@1\.0\.0"):
        Notice.decode(notice.encode(), "key", "guard", Version("1.0.1"))


def test_a_notice_is_one_bounded_printable_line() -> None:
    """Whatever somebody gave as the reason, and nothing at all is said as such."""
    said = Notice.say("guard", V1, "  a\x1b[2J\nb " + "x" * 3000, "a" * 300, NOW, "id")
    assert said.reason.startswith("a b x") and len(said.reason) == 2000
    assert len(said.by) == 200
    assert str(Notice.say("guard", V1, " ", "ann", NOW, "id")) == f"no reason given (ann, {NOW})"
    assert str(Notice("guard", V1, "gone", "", "", "id")) == "gone"
