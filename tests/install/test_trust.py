"""The key: made once, safe where it is, and good for exactly what was marked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from packreg.errors import InstallError
from packreg.install.trust import KEY, Key


def test_the_key_is_made_once_for_this_user_alone(tmp_path: Path) -> None:
    """The first mark makes a random key of 32 bytes that nobody else can read; later ones use it."""
    first = Key(str(tmp_path / "state"))
    mark = first.mark("pack", "/there", b"data")
    file = tmp_path / "state" / KEY
    assert first.lasts and file.stat().st_mode & 0o777 == 0o600 and len(file.read_bytes()) == 32
    assert [path.name for path in file.parent.iterdir()] == [KEY]
    assert Key(str(tmp_path / "state")).mark("pack", "/there", b"data") == mark
    assert Key(str(tmp_path / "another")).mark("pack", "/there", b"data") != mark


def test_several_processes_make_one_key(tmp_path: Path) -> None:
    """Whoever is first makes it, and all marks are made with that one."""
    code = f"from packreg.install.trust import Key; print(Key({str(tmp_path)!r}).mark('k', 'p', b''))"
    running = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    assert len({process.communicate()[0] for process in running}) == 1


def test_a_mark_is_for_one_kind_place_and_content(tmp_path: Path) -> None:
    """What is copied to another place, named otherwise, or changed by a byte is not what was marked."""
    key = Key(str(tmp_path))
    wrapped = key.wrap("record", "/home/a", b"data")
    assert key.unwrap("record", "/home/a", wrapped) == b"data"
    assert key.unwrap("record", "/home/b", wrapped) is None
    assert key.unwrap("lock", "/home/a", wrapped) is None
    assert key.unwrap("record", "/home/a", wrapped.replace(b"data", b"dat4")) is None
    assert key.unwrap("record", "/home/a", b"") is None
    assert Key(str(tmp_path / "other")).unwrap("record", "/home/a", wrapped) is None


def test_a_sealed_document_is_json_and_read_only_whole(tmp_path: Path) -> None:
    """The seal is a member of the document; without it, or with anything changed, there is no document."""
    key = Key(str(tmp_path))
    data = key.seal("pack", "/p", {"name": "guard", "files": {"a": [1, "x"]}})
    said = key.sealed("pack", "/p", data)
    assert said is not None and said["name"] == "guard" and said["files"] == {"a": [1, "x"]}
    for changed in (data.replace(b"guard", b"gu4rd"), data[:-1], data + b" ", b"{}", b"", data[1:]):
        assert key.sealed("pack", "/p", changed) is None


def test_a_key_inside_the_home_is_refused(tmp_path: Path) -> None:
    """A key that came with the home would vouch for whatever else came with it."""
    with pytest.raises(InstallError, match="inside the home") as raised:
        Key(str(tmp_path / "home" / "state"), str(tmp_path / "home")).mark("k", "p", b"")
    assert "XDG_STATE_HOME" in raised.value.hint
    (tmp_path / "link").symlink_to(tmp_path / "home")
    with pytest.raises(InstallError, match="inside the home"):
        Key(str(tmp_path / "home" / "state"), str(tmp_path / "link")).mark("k", "p", b"")


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o602])
def test_a_key_that_is_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    """Whoever can read or replace the key can make marks: what it vouched for is not believed."""
    Key(str(tmp_path)).mark("k", "p", b"")
    (tmp_path / KEY).chmod(mode)
    with pytest.raises(InstallError, match="readable by others") as raised:
        Key(str(tmp_path)).mark("k", "p", b"")
    assert "delete it" in raised.value.hint


def test_a_key_of_another_user_or_of_nobody_is_refused(tmp_path: Path) -> None:
    """A key that somebody else owns, a link, and a file that is no key vouch for nothing."""
    (tmp_path / KEY).write_bytes(b"short")
    (tmp_path / KEY).chmod(0o600)
    with pytest.raises(InstallError, match="damaged"):
        Key(str(tmp_path)).mark("k", "p", b"")
    (tmp_path / KEY).rename(tmp_path / "elsewhere")
    (tmp_path / KEY).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InstallError, match="cannot be read"):
        Key(str(tmp_path)).mark("k", "p", b"")
    if os.geteuid() == 0:
        (tmp_path / KEY).unlink()
        (tmp_path / "elsewhere").write_bytes(bytes(32))
        (tmp_path / "elsewhere").rename(tmp_path / KEY)
        os.chown(tmp_path / KEY, 12345, 12345)
        with pytest.raises(InstallError, match="belongs to the user 12345"):
            Key(str(tmp_path)).mark("k", "p", b"")


def test_where_no_key_can_be_kept_marks_are_good_in_this_process_alone(tmp_path: Path) -> None:
    """Without a state directory each process makes everything anew, and believes nothing of others."""
    (tmp_path / "file").write_bytes(b"")
    for directory in (None, str(tmp_path / "file" / "state")):
        key = Key(directory)
        assert key.unwrap("k", "p", key.wrap("k", "p", b"x")) == b"x" and not key.lasts
        code = f"from packreg.install.trust import Key; print(Key({directory!r}).mark('k', 'p', b''))"
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert other.stdout.strip() not in ("", key.mark("k", "p", b""))
