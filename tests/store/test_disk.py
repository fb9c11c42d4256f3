"""How files get their names and become durable, on this system and by injection on the others."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import Any

import pytest

from packreg.errors import NotFound
from packreg.store.bucket import Exists
from packreg.store.disk import give_name, sync, sync_directory, this_system
from packreg.store.local import LocalBucket
from packreg.store.store import Store


def test_a_free_name_is_given_and_a_taken_one_refused(tmp_path: Path) -> None:
    """The first file gets the name; the second is told and changes nothing."""
    for number, won in ((1, True), (2, False)):
        (tmp_path / f"t{number}").write_text(str(number))
        assert give_name(str(tmp_path / f"t{number}"), str(tmp_path / "final"), this_system()) is won
    assert (tmp_path / "final").read_text() == "1"


def test_a_lost_reply_of_link_is_a_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When `link` reports a failure but the file has two names, it is ours (NFS loses replies)."""
    link = os.link
    for number in (errno.EEXIST, errno.EIO, errno.EPERM):

        def lying(*args: Any, number: int = number, **kwargs: Any) -> None:
            link(*args, **kwargs)
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "link", lying)
        (tmp_path / f"t{number}").write_text("x")
        assert give_name(str(tmp_path / f"t{number}"), str(tmp_path / f"final{number}"), "posix")


def test_windows_renames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows a rename creates, a taken name is refused, and directories are never synced."""
    rename = os.rename

    def windows_rename(old: str, new: str) -> None:
        if os.path.lexists(new):
            raise FileExistsError(
                errno.EEXIST, "Cannot create a file when that file already exists", old, None, new
            )
        rename(old, new)

    synced: list[int] = []
    monkeypatch.setattr(os, "rename", windows_rename)
    monkeypatch.setattr(os, "link", lambda *_, **__: pytest.fail("links are not used there"))
    monkeypatch.setattr(os, "fsync", synced.append)
    bucket = LocalBucket(str(tmp_path / "registry"), system="windows")
    monkeypatch.setattr(os.path, "lexists", lambda path: False)
    bucket.put_new("packs/a/v/1", b"first")
    monkeypatch.undo()
    monkeypatch.setattr(os, "rename", windows_rename)
    with pytest.raises(Exists):
        bucket.put_new("packs/a/v/1", b"second")
    assert Store(bucket).create("packs/a/v/1", b"second") == b"first"
    assert len(synced) == 1, "the file, and no directory"
    bucket.delete("packs/a/v/1")
    with pytest.raises(NotFound):
        bucket.get("packs/a/v/1", limit=9)
    assert os.listdir(tmp_path / "registry" / ".packreg-tmp") == []


def test_macos_reaches_the_medium(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On macOS F_FULLFSYNC is asked for, and fsync where the file system does not know it."""
    asked: list[int] = []
    synced: list[int] = []
    monkeypatch.setattr(fcntl, "fcntl", lambda _, command: asked.append(command))
    monkeypatch.setattr(os, "fsync", synced.append)
    with (tmp_path / "file").open("w") as file:
        sync(file.fileno(), "macos")
        assert (asked, synced) == ([getattr(fcntl, "F_FULLFSYNC", 51)], [])

        def unknown(*_: Any) -> None:
            raise OSError(errno.ENOTTY, "Inappropriate ioctl for device")

        monkeypatch.setattr(fcntl, "fcntl", unknown)
        sync(file.fileno(), "macos")
        assert synced == [file.fileno()]


def test_a_directory_that_is_gone_cannot_be_synced(tmp_path: Path) -> None:
    """Syncing a directory that does not exist is an error on POSIX and nothing on Windows."""
    with pytest.raises(FileNotFoundError):
        sync_directory(str(tmp_path / "nowhere"), "posix")
    sync_directory(str(tmp_path / "nowhere"), "windows")
