"""`init`, `yank`, `remove`, `verify`, `gc`, `cache`, `config` and `doctor`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from packreg.errors import StoreRefused
from packreg.store.local import LocalBucket
from tests.cli.conftest import User


@pytest.fixture
def registry(user: User) -> Path:
    """The directory of a registry with guard 1.0.0."""
    user.publish("guard", "1.0.0")
    return Path(user.must("config", "--json").json()["settings"][0]["value"])


def test_init_creates_a_registry_once(user: User) -> None:
    """The first run probes the store and creates the registry; the second finds it."""
    first = user.must("init", "--json").json()
    assert (first["role"], first["already"]) == ("home", False)
    again = user.must("init", "--json").json()
    assert (again["id"], again["already"]) == (first["id"], True)
    assert "was there already" in user.must("init").out
    assert user("init", "--role", "replica").code == 9


@pytest.mark.usefixtures("opa")
def test_a_replica_is_not_published_to(user: User) -> None:
    """Publishing to a replica is refused by the store's role, exit code 9."""
    user.must("init", "--role", "replica")
    from tests.cli.conftest import write_pack

    write_pack(user.directory / "guard", "guard", "1.0.0")
    assert user("publish", "guard").code == 9


@pytest.mark.usefixtures("registry")
def test_yank_and_undo(user: User) -> None:
    """A yank hides the version with a reason, undoing it brings it back, and each says who did it."""
    found = user.must("yank", "guard@1.0.0", "--reason", "wrong", "--json").json()
    assert list(found) == ["name", "version", "state", "already", "reason", "by", "at", "groups"]
    assert (found["state"], found["already"], found["reason"]) == ("yanked", False, "wrong")
    assert "is already yanked" in user.must("yank", "guard@1.0.0", "--reason", "again").out
    assert user("install", "guard").code == 6
    assert user.must("yank", "guard@1.0.0", "--undo").out == "guard@1.0.0 is now published\n"
    user.must("path", "guard")


@pytest.mark.usefixtures("registry")
def test_undoing_what_was_never_done(user: User) -> None:
    """A version that was never yanked is as it was, and that is said in plain words."""
    done = user.must("yank", "guard@1.0.0", "--undo")
    assert (done.out, done.err) == ("guard@1.0.0 is already published\n", "it was never yanked\n")


@pytest.mark.usefixtures("registry")
@pytest.mark.usefixtures("opa")
def test_remove_leaves_a_tombstone(user: User) -> None:
    """A removed release is gone for good, says why, and its version stays used."""
    assert user("remove", "guard@1.0.0").code == 2
    assert (
        user.must("remove", "guard@1.0.0", "--yes", "--reason", "a secret", "--json").json()["state"]
        == "removed"
    )
    done = user("install", "guard@1.0.0", "--json")
    assert (done.code, done.json()["error"]["code"]) == (6, "removed")
    assert "a secret" in done.err
    done = user("publish", user.top / "packs" / "guard-1.0.0")
    assert done.code == 5
    assert "a secret" in done.err
    assert "sha256:" not in done.err


def test_verify_finds_damage(user: User, registry: Path) -> None:
    """A whole registry verifies; one flipped byte is found, named, and exit code 8."""
    assert user.must("verify").out == "2 ok, 0 wrong\n", "a release, and the revisions of governance"
    (bundle,) = (registry / "bundles" / "guard" / "1.0.0").glob("*.tgz")
    bundle.chmod(0o644)
    data = bytearray(bundle.read_bytes())
    data[len(data) // 2] ^= 1
    bundle.write_bytes(data)
    done = user("verify", "guard@1.0.0", "--json")
    assert done.code == 8
    found = done.json()
    assert found["ok"] is False
    assert [(f["subject"], f["level"], f["code"]) for f in found["findings"]] == [
        ("guard@1.0.0", "error", "bad-bundle")
    ]
    assert "error: guard@1.0.0: " in user("verify").out


def test_verify_of_an_empty_registry_is_not_a_pass_in_words(user: User) -> None:
    """Nothing verified is said to be nothing."""
    assert user.must("verify").out == "nothing to verify: the registry is empty\n"
    assert user("verify", "guard").code == 6


def test_gc_deletes_only_when_told(user: User, registry: Path) -> None:
    """Garbage is listed first and deleted with --yes; what is needed stays."""
    assert user.must("gc").err == "nothing to delete\n"
    orphan = registry / "bundles" / "guard" / "1.0.0" / f"{'0' * 64}.tgz"
    orphan.write_bytes(b"x" * 10)
    found = user.must("gc", "--json").json()
    assert found["deleted"] is False
    assert [(g["key"], g["size"]) for g in found["garbage"]] == [(f"bundles/guard/1.0.0/{'0' * 64}.tgz", 10)]
    assert orphan.exists()
    assert "delete them with --yes" in user.must("gc").err
    left = registry / ".packreg-tmp" / "of-a-killed-writer"
    left.parent.mkdir(exist_ok=True)
    left.write_bytes(b"half")
    os.utime(left, (1, 1))
    assert "deleted 1 objects, 10 B, and 1 temporary files" in user.must("gc", "--yes").err
    assert not left.exists()
    assert not orphan.exists()
    assert user.must("verify").code == 0


@pytest.mark.usefixtures("registry")
def test_doctor_looks_at_everything(user: User) -> None:
    """Store, registry, canary, home and tools are looked at, each with a level and, unless ok, a fix."""
    found = user.must("doctor", "--json").json()
    levels = {check["topic"]: check["level"] for check in found["checks"]}
    expected = {"configuration": "ok", "registry": "ok", "canary": "ok", "store": "ok", "python": "ok"}
    assert expected.items() <= levels.items()
    assert {"home", "uv", "node", "npm", "git", "pulumi", "opa"} <= levels.keys()
    assert all(check["fix"] or check["level"] == "ok" for check in found["checks"])
    lines = user.must("doctor", "--no-probe").out.splitlines()
    assert any(line.startswith("ok    registry") for line in lines)


def test_doctor_creates_nothing(user: User) -> None:
    """Looking at a registry that is not there does not make it."""
    user.must("doctor")
    assert not (user.top / "user" / ".local" / "share" / "packreg" / "registry").exists()


def refuse_writes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let directories refuse every write, as a bucket does to a reader; the keys that were tried."""
    tried: list[str] = []

    def refuse(bucket: LocalBucket, key: str, *data: bytes) -> None:
        tried.append(key)
        raise StoreRefused("cannot write: not allowed")

    monkeypatch.setattr(LocalBucket, "put_new", refuse)
    monkeypatch.setattr(LocalBucket, "delete", refuse)
    return tried


@pytest.mark.usefixtures("registry")
def test_a_reader_is_told_what_was_not_proved(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the right to write, doctor warns of what it could not prove, and that is no failure."""
    tried = refuse_writes(monkeypatch)
    found = user.must("doctor", "--json").json()
    assert found["ok"]
    checks = {check["topic"]: check for check in found["checks"]}
    for topic in ("canary", "store"):
        assert checks[topic]["level"] == "warn"
        assert "cannot write: not allowed" in checks[topic]["message"]
        assert "a keeper" in checks[topic]["fix"]
    assert tried


@pytest.mark.usefixtures("registry")
def test_doctor_without_the_probe_writes_nothing(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """--no-probe does not even try to create what exists."""
    tried = refuse_writes(monkeypatch)
    assert user.must("doctor", "--no-probe", "--json").json()["ok"]
    assert tried == []


def test_a_replica_is_not_proved(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Doctor writes nothing to a replica, and says that its store was not tried."""
    user.must("init", "--role", "replica")
    tried = refuse_writes(monkeypatch)
    checks = {check["topic"]: check for check in user.must("doctor", "--json").json()["checks"]}
    assert checks["store"]["level"] == "warn"
    assert "not proved" in checks["store"]["message"]
    assert "canary" not in checks
    assert tried == []


def test_a_store_that_does_not_answer_fails_the_doctor(user: User) -> None:
    """A path that is no directory is told by the store's check, and the others are still looked at."""
    (user.directory / "file").write_text("x")
    done = user("--registry", "file", "doctor", "--json")
    assert done.code == 9
    checks = done.json()["checks"]
    assert any(check["topic"] == "registry" and check["level"] == "fail" for check in checks)
    assert any(check["topic"] == "git" for check in checks)
