"""The directory: durability step by step, strangers' files, refusals."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from packreg.errors import (
    IntegrityError,
    NotFound,
    StoreError,
    StoreRefused,
    StoreUnavailable,
    StoreUnsafe,
)
from packreg.store import disk
from packreg.store.bucket import Exists
from packreg.store.local import TEMPORARY, LocalBucket
from packreg.store.mounts import FileSystem
from packreg.store.store import Store

needs_permissions = pytest.mark.skipif(os.geteuid() == 0, reason="root may do everything")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The directory of a bucket that was never written to."""
    return tmp_path / "registry"


@pytest.fixture
def bucket(root: Path) -> LocalBucket:
    """A bucket in it."""
    return LocalBucket(str(root))


def test_reading_makes_nothing(bucket: LocalBucket, root: Path) -> None:
    """A registry that does not exist yet reads as empty and is not created by that."""
    with pytest.raises(NotFound):
        bucket.get("a", limit=1)
    assert bucket.list("").entries == ()
    assert bucket.list("packs/", delimiter=True).prefixes == ()
    bucket.delete("a")
    assert not root.exists()


def test_syncs_in_the_order_that_survives_a_power_failure(
    bucket: LocalBucket, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """File, then the directories above, then the name, then the directory that holds it; then it is done."""
    bucket.put_new("other", b"")
    steps: list[str] = []
    fsync, link = os.fsync, os.link

    def recording_fsync(descriptor: int) -> None:
        path = os.readlink(f"/proc/self/fd/{descriptor}") if os.path.exists("/proc/self/fd") else "?"
        steps.append("sync " + (TEMPORARY if TEMPORARY in path else os.path.relpath(path, root)))
        fsync(descriptor)

    def recording_link(*args: Any, **kwargs: Any) -> None:
        link(*args, **kwargs)
        steps.append("link")

    monkeypatch.setattr(os, "fsync", recording_fsync)
    monkeypatch.setattr(os, "link", recording_link)
    bucket.put_new("packs/a/v/1", b"x")
    if steps[0] != "sync ?":
        assert steps == [
            f"sync {TEMPORARY}",
            *(f"sync {d}" for d in ("packs/a", "packs", ".")),
            "link",
            "sync packs/a/v",
        ]
    steps.clear()
    with pytest.raises(Exists):
        bucket.put_new("packs/a/v/1", b"x")
    assert len(steps) == 1, "what is said to exist is made durable first, and nothing else is done"


def test_leaves_no_temporary_files(bucket: LocalBucket, root: Path) -> None:
    """Neither a success nor a refusal leaves anything but objects."""
    bucket.put_new("a", b"x")
    with pytest.raises(Exists):
        bucket.put_new("a", b"y")
    assert os.listdir(root / TEMPORARY) == []


@pytest.mark.parametrize("when", ["file", "directory"])
def test_a_failing_disk_is_reported_and_never_asked_again(
    bucket: LocalBucket, root: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """After a failed fsync the same data are not synced again, and nothing is acknowledged."""
    bucket.put_new("packs/b", b"")
    calls = [0]
    fsync = os.fsync

    def failing(descriptor: int) -> None:
        calls[0] += 1
        if calls[0] == (1 if when == "file" else 3):
            raise OSError(errno.EIO, "Input/output error")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(StoreError, match="Input/output error") as caught:
        Store(bucket, sleep=lambda _: pytest.fail("it tried again")).create("packs/a", b"x")
    assert type(caught.value) is StoreError
    assert calls[0] == (1 if when == "file" else 3)
    assert (root / "packs" / "a").exists() == (when == "directory")
    assert os.listdir(root / TEMPORARY) == []


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, StoreRefused),
        (errno.EDQUOT, StoreRefused),
        (errno.EROFS, StoreRefused),
        (errno.EACCES, StoreRefused),
        (errno.EMFILE, StoreUnavailable),
        (errno.EIO, StoreError),
    ],
)
def test_failures_name_what_to_do(
    bucket: LocalBucket, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[StoreError]
) -> None:
    """A full disk, a read-only one and missing permissions are told apart, and nothing is left behind."""

    def failing(*_: Any, **__: Any) -> int:
        raise OSError(number, os.strerror(number))

    bucket.put_new("a", b"")
    monkeypatch.setattr(os, "link", failing)
    with pytest.raises(kind, match=os.strerror(number)) as caught:
        bucket.put_new("b", b"x")
    assert type(caught.value) is kind
    assert kind is StoreUnavailable or caught.value.hint
    assert [entry.key for entry in bucket.list("").entries] == ["a"]


@needs_permissions
def test_missing_permissions(bucket: LocalBucket, root: Path) -> None:
    """A directory that may not be written to refuses with a hint."""
    bucket.put_new("a/b", b"")
    (root / "a").chmod(0o500)
    try:
        with pytest.raises(StoreRefused, match="Permission denied"):
            bucket.put_new("a/c", b"")
    finally:
        (root / "a").chmod(0o700)


def test_no_hard_links_is_unsafe(bucket: LocalBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system without hard links is refused before anything is in it."""

    def failing(*_: Any, **__: Any) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", failing)
    with pytest.raises(StoreUnsafe, match="hard links"):
        bucket.put_new("a", b"")
    assert bucket.list("").entries == ()


def test_refuses_to_write_over_the_network(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NFS and its like can be read, and written to only when the operator insists."""
    bucket = LocalBucket(str(root))
    bucket.put_new("a", b"x")
    monkeypatch.setattr("packreg.store.local.file_system", lambda _: FileSystem("nfs4", True))
    networked = LocalBucket(str(root))
    assert networked.get("a", limit=1) == b"x"
    with pytest.raises(StoreUnsafe, match="nfs4"):
        networked.put_new("b", b"")
    with pytest.raises(StoreUnsafe):
        networked.inspect(".packreg/probe/x")
    LocalBucket(str(root), allow_network_fs=True).put_new("b", b"")


def test_strangers_are_left_out(bucket: LocalBucket, root: Path) -> None:
    """Files that no key names, links and empty directories are neither listed nor in the way."""
    bucket.put_new("packs/a/v/1", b"x")
    for name in (
        ".DS_Store",
        "README.md",
        "packs/a/v/1~",
        "packs/a/v/.1.swp",
        "packs/Thumbs.db",
        "packs/nul",
    ):
        (root / name).write_bytes(b"")
    (root / "packs" / "empty" / "v").mkdir(parents=True)
    (root / "packs" / "UPPER").mkdir()
    (root / "packs" / "UPPER" / "x").write_bytes(b"")
    os.symlink(root / "packs" / "a" / "v" / "1", root / "packs" / "link")
    os.symlink(root / "packs" / "a", root / "packs" / "linked")
    os.mkfifo(root / "packs" / "pipe")
    assert [entry.key for entry in bucket.list("").entries] == ["packs/a/v/1"]
    assert bucket.list("packs/", delimiter=True).prefixes == ("packs/a/",)


def test_a_link_is_no_object(bucket: LocalBucket, root: Path) -> None:
    """A symbolic link in an object's place is refused, not followed."""
    bucket.put_new("a", b"secret")
    os.symlink(root / "a", root / "b")
    with pytest.raises(IntegrityError, match="symbolic link"):
        bucket.get("b", limit=10)
    with pytest.raises(IntegrityError):
        Store(bucket).create("b", b"x")


def test_something_in_the_way(bucket: LocalBucket, root: Path) -> None:
    """A directory or a file of a stranger's in the way of an object is named, at once."""
    (root / "packs" / "a").mkdir(parents=True)
    (root / "file").write_bytes(b"")
    store = Store(bucket, sleep=lambda _: pytest.fail("it tried again"))
    for key in ("packs/a", "file/x"):
        with pytest.raises(StoreRefused):
            store.create(key, b"")
    with pytest.raises(StoreRefused):
        store.get("packs/a")
    with pytest.raises(NotFound):
        store.get("file/x")


def test_sweep_takes_only_the_old(bucket: LocalBucket, root: Path) -> None:
    """Temporary files from before the time are removed, younger ones and objects stay."""
    bucket.put_new("a", b"x")
    for name, age in (("old", 100.0), ("young", 300.0)):
        (root / TEMPORARY / name).write_bytes(b"")
        os.utime(root / TEMPORARY / name, (age, age))
    assert bucket.sweep(before=200.0) == 1
    assert os.listdir(root / TEMPORARY) == ["young"]
    assert bucket.get("a", limit=1) == b"x"
    assert LocalBucket(str(root / "nowhere")).sweep(before=1.0) == 0


def test_swept_while_writing_is_told(
    bucket: LocalBucket, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer whose temporary file is taken away says that nothing was created."""
    bucket.put_new("a", b"")
    give_name = disk.give_name

    def swept(temporary: str, final: str, system: Any) -> bool:
        bucket.sweep(before=float("inf"))
        return give_name(temporary, final, system)

    monkeypatch.setattr("packreg.store.local.give_name", swept)
    with pytest.raises(StoreUnavailable, match="vanished"):
        bucket.put_new("b", b"")
    with pytest.raises(NotFound):
        bucket.get("b", limit=1)


def test_a_directory_removed_meanwhile_is_made_again(
    bucket: LocalBucket, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deletion that removes the empty directory between our making and using it costs only another turn."""
    bucket.put_new("a", b"")
    give_name = disk.give_name
    turns = [0]

    def removed(temporary: str, final: str, system: Any) -> bool:
        turns[0] += 1
        if turns[0] < 3:
            os.rmdir(root / "d" / "e")
        return give_name(temporary, final, system)

    monkeypatch.setattr("packreg.store.local.give_name", removed)
    bucket.put_new("d/e/f", b"x")
    assert bucket.get("d/e/f", limit=1) == b"x"
    assert turns[0] == 3


def test_object_files_are_plain(bucket: LocalBucket, root: Path) -> None:
    """An object is a file that holds its bytes and nothing else, for whoever looks without packreg."""
    bucket.put_new("packs/a/v/1.0.0", b"record")
    path = root / "packs" / "a" / "v" / "1.0.0"
    assert path.read_bytes() == b"record"
    assert path.stat().st_nlink == 1
    assert not path.stat().st_mode & 0o111


def test_many_entries_in_one_request(bucket: LocalBucket, root: Path) -> None:
    """Thousands of objects, or of packs, come in one request, in order."""
    bucket.put_new("packs/p0/v/1", b"")
    for number in range(2_000):
        (root / "packs" / f"p{number}" / "v").mkdir(parents=True, exist_ok=True)
        (root / "packs" / f"p{number}" / "v" / "1").write_bytes(b"")
    store = Store(bucket)
    expected = sorted(f"packs/p{number}/" for number in range(2_000))
    assert list(store.prefixes("packs/")) == expected
    assert [entry.key for entry in store.list_all("packs/")] == [f"{prefix}v/1" for prefix in expected]
    assert store.requests == 2
