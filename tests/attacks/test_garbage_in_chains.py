"""Objects that somebody with the right to write puts where revisions, yanks and tombstones are."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import User
from tests.cli.conftest import user as user  # a fixture
from tests.registry.test_formats import FORMAT_1


@pytest.fixture
def place(user: User) -> Path:
    """A registry with governance at revision 8, and a user of it."""
    copied = shutil.copytree(FORMAT_1 / "registry", user.top / "registry")
    user.extra["PACKREG_REGISTRY"] = str(copied)
    return copied


def forged(number: int, previous: str = "0" * 64) -> bytes:
    """A revision that requires nothing, with this number."""
    value = {"format": 1, "changed": {"by": "x", "at": "2026-11-30T13:45:18.000000Z", "what": "x"}}
    text = json.dumps({**value, "groups": {}, "waivers": {}, "settings": {}})
    fields = {"number": number, "previous": previous, "attempt": "x", "value": text}
    return json.dumps(fields, ensure_ascii=False, indent=1).encode() + b"\n"


@pytest.mark.parametrize("number", [9, 500, 10**12 - 1])
@pytest.mark.parametrize(
    "command", [["required", "web/prod"], ["group", "new", "mine", "--add-stack", "a/b"], ["waiver", "ls"]]
)
def test_a_forged_newest_revision_is_not_followed(
    user: User, place: Path, number: int, command: list[str]
) -> None:
    """Someone adds a revision that requires nothing: exit code 8, and how to take it away."""
    path = place / f"governance/{10**12 - 1 - number:012d}.json"
    path.write_bytes(forged(number))
    before = sorted(place.rglob("*"))
    done = user(*command)
    assert (done.code, done.out) == (8, "")
    assert path.name in done.err
    assert f"rm {path}" in done.err
    assert sorted(place.rglob("*")) == before, "nothing was appended to it"
    path.unlink()
    assert user(*command).code == 0


def test_other_objects_among_the_revisions_stop_nobody(user: User, place: Path) -> None:
    """Someone puts files in front of the revisions and behind them: they are passed over and named."""
    for name in ("-first", "0", "999999999991.json.bak", "zzz"):
        (place / "governance" / name).write_text("garbage")
        (place / "environments" / "prod" / "r" / name).write_text("garbage")
    assert user.must("required", "web/prod", "--json").json()["revision"] == 8
    assert "policyConfig" in user.must("env", "get", "prod").out
    user.must("group", "new", "mine", "--add-stack", "a/b")
    verified = user("verify", "--json")
    keys = [each["subject"] for each in verified.json()["findings"] if each["code"] == "unknown-key"]
    assert (verified.code, len(keys)) == (8, 8)
    warned = [
        check for check in user("doctor", "--no-probe", "--json").json()["checks"] if check["level"] == "warn"
    ]
    assert sum("is not a revision" in check["message"] for check in warned) == 4


def test_a_newest_revision_that_is_garbage_says_how_to_go_on(user: User, place: Path) -> None:
    """Someone writes over the newest revision, or puts garbage in the next one's place: exit code 8."""
    for name in ("999999999991.json", "999999999990.json"):
        path = place / "governance" / name
        before = path.read_bytes() if path.exists() else b""
        path.write_text("garbage")
        done = user("required", "web/prod")
        assert (done.code, done.out) == (8, "")
        assert f"rm {path}" in done.err
        path.write_bytes(before)
        if not before:
            path.unlink()


def test_a_yank_and_a_tombstone_that_are_garbage_count_all_the_same(user: User, place: Path) -> None:
    """Someone spoils what was said of a yank and a removal: both still hold, and the object is named."""
    yank = place / "packs/opa_guard/y/1.1.0/000003-yanked"
    tombstone = place / "packs/opa_guard/x/1.2.0"
    for path in (yank, tombstone):
        path.write_text("garbage")
    states = {
        each["version"]: each["state"]
        for each in user.must("versions", "opa_guard", "--json").json()["versions"]
    }
    assert states == {"1.0.0": "published", "1.1.0": "yanked", "1.2.0": "removed"}
    yanked = user.must("download", "opa_guard@1.1.0")
    assert "the reason is not known: packs/opa_guard/y/1.1.0/000003-yanked cannot be read" in yanked.err
    removed = user("download", "opa_guard@1.2.0")
    assert removed.code == 6
    assert "packs/opa_guard/x/1.2.0 cannot be read" in removed.err
    assert user("remove", "opa_guard@1.2.0", "--yes", "--reason", "again").code == 0
    assert user("verify").code == 8
