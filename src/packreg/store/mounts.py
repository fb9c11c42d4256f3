"""Find out which file system a path is on, and whether it is a network file system.

On NFS, SMB and the like the reply to `link` may be lost, a directory may be read from a stale cache, and
fsync does what the server implements. So a registry is refused there unless its operator allows it. The
source on Linux is `/proc/self/mountinfo`, on macOS `statfs` (written from its header, never run there). On
other systems the file system is not known, and nothing is refused.
"""

# pathlib would cost start-up time that `list` and `path` have no use for.
# ruff: noqa: PTH110, PTH120, PTH123
from __future__ import annotations

import os
import struct
import sys
from typing import NamedTuple

_NETWORK = frozenset(
    {"9p", "acfs", "afs", "afpfs", "beegfs", "ceph", "cifs", "coda",
     "davfs", "gfs", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs",
     "nfs", "nfs4", "ocfs2", "orangefs", "panfs", "pvfs2", "prl_fs", "smb2", "smb3",
     "smbfs", "vboxsf", "virtiofs", "vmhgfs", "webdav"}
)  # fmt: skip
#: FUSE that is local after all: the root of rootless containers, and NTFS or exFAT disks.
_LOCAL_FUSE = frozenset({"fuse.fuse-overlayfs", "fuseblk"})
_MNT_LOCAL = 0x1000


class FileSystem(NamedTuple):
    """The kernel's name for a file system ("" when not known), and whether it is on the network."""

    kind: str
    network: bool


def file_system(path: str) -> FileSystem:
    """The file system that holds `path`, or would hold it: the nearest existing parent counts."""
    there = os.path.realpath(path)
    while not os.path.exists(there) and os.path.dirname(there) != there:
        there = os.path.dirname(there)
    if sys.platform == "darwin":
        return parse_statfs(_statfs(there))
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as table:
            return parse_mountinfo(table.read(), there)
    except OSError:
        return FileSystem("", False)


def parse_mountinfo(table: str, path: str) -> FileSystem:
    """The file system of `path`, absolute and without links, by a mount table in the format of proc(5)."""
    best, kind = "", ""
    for line in table.splitlines():
        before, dash, behind = line.partition(" - ")
        fields = before.split(" ")
        if not dash or len(fields) < 5:
            continue
        point = fields[4]
        for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
            point = point.replace(code, character)
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):  # of two mounts on one point the later one is seen
            best, kind = point, behind.split(" ")[0]
    return FileSystem(kind, _is_network(kind))


def _is_network(kind: str) -> bool:
    return kind in _NETWORK or (kind.startswith("fuse") and kind not in _LOCAL_FUSE and kind != "fusectl")


def parse_statfs(data: bytes) -> FileSystem:
    """Read the `struct statfs` of macOS with 64-bit inodes (sys/mount.h): flags at 64, the name at 72."""
    if len(data) < 88:
        return FileSystem("", False)
    (flags,) = struct.unpack_from("=I", data, 64)
    kind = data[72:88].split(b"\0")[0].decode("ascii", "replace")
    return FileSystem(kind, not flags & _MNT_LOCAL)


def _statfs(path: str) -> bytes:
    import ctypes

    buffer = ctypes.create_string_buffer(4096)
    libc = ctypes.CDLL(None, use_errno=True)
    return buffer.raw if libc.statfs(os.fsencode(path), buffer) == 0 else b""
