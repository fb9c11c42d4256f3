"""Which file systems count as network ones."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from packreg.store.mounts import FileSystem, file_system, parse_mountinfo, parse_statfs

TABLE = r"""22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw
30 22 0:40 / /home rw,relatime - nfs4 server:/home rw,vers=4.2
31 22 0:41 / /home/me/local rw - xfs /dev/sdb rw
32 22 0:42 / /mnt/with\040space rw shared:2 master:1 - cifs //server/share rw
33 22 0:43 / /over rw - ext4 /dev/sdc rw
34 22 0:44 / /over rw - fuse.sshfs me@server: rw
35 22 0:45 / /container rw - fuse.fuse-overlayfs overlay rw
36 22 0:46 / /windows rw - fuseblk /dev/sdd rw
37 22 0:47 / /share rw - 9p share rw
38 22 0:48 / /tmp rw - tmpfs tmpfs rw
broken line
39 22
"""


@pytest.mark.parametrize(
    ("path", "kind", "network"),
    [
        ("/", "ext4", False),
        ("/srv/registry", "ext4", False),
        ("/home", "nfs4", True),
        ("/home/me/registry", "nfs4", True),
        ("/home/me/local/registry", "xfs", False),
        ("/homework", "ext4", False),
        ("/mnt/with space/x", "cifs", True),
        ("/over/x", "fuse.sshfs", True),
        ("/container/x", "fuse.fuse-overlayfs", False),
        ("/windows/x", "fuseblk", False),
        ("/share", "9p", True),
        ("/tmp/x", "tmpfs", False),
    ],
)
def test_finds_the_mount_that_is_seen(path: str, kind: str, network: bool) -> None:
    """The longest mount point counts, of two on one point the later, and escapes are undone."""
    assert parse_mountinfo(TABLE, path) == FileSystem(kind, network)


def test_an_empty_table_tells_nothing() -> None:
    """Where nothing is known nothing is refused."""
    assert parse_mountinfo("", "/x") == FileSystem("", False)


def test_statfs_of_macos() -> None:
    """The flag MNT_LOCAL decides, and the name is the one in the structure."""
    for name, flags, network in ((b"apfs", 0x1000, False), (b"smbfs", 0, True), (b"nfs", 0x10, True)):
        data = bytes(64) + struct.pack("=II", flags, 0) + name.ljust(16, b"\0") + bytes(1000)
        assert parse_statfs(data) == FileSystem(name.decode(), network)
    assert parse_statfs(b"") == FileSystem("", False)


def test_asks_for_the_nearest_existing_parent(tmp_path: Path) -> None:
    """A directory that does not exist yet will be on the file system of what exists above it."""
    assert file_system(str(tmp_path / "a" / "b" / "c")) == file_system(str(tmp_path))
