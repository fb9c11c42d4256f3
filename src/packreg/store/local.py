"""A bucket in a local directory: one file per object, created once by `link`.

An object is created in these steps: write a temporary file in `<root>/.packreg-tmp/` and fsync it; make the
directories above the object and sync them; `link` the file to its final name, which fails if that is taken;
fsync the directory. Each of the three syncs is needed. Without the first, objects can lack their bytes after
a power failure; without the others, objects that were reported as created can vanish (measured on ext4 and
xfs). A killed process leaves at most a temporary file, which no reader sees and `sweep` removes.
"""

# pathlib would cost start-up time that `list` and `path` have no use for.
# ruff: noqa: PTH100, PTH103, PTH106, PTH108, PTH112, PTH113, PTH118, PTH120, PTH123
from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING, ClassVar, NoReturn

from packreg.errors import IntegrityError, NotFound, StoreError, StoreRefused, StoreUnavailable, StoreUnsafe
from packreg.files import read_file
from packreg.store.bucket import (
    MAX_KEY,
    RESERVED,
    Entry,
    Exists,
    Page,
    behind,
    check_key,
    check_prefix,
    key_problem,
    segment_problem,
)
from packreg.store.disk import System, give_name, sync, sync_directory, this_system
from packreg.store.mounts import file_system

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TEMPORARY = ".packreg-tmp"
_BINARY = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)


class LocalBucket:
    """Objects as files under `root`, which is created at the first write.

    With `allow_network_fs`, objects may be written on NFS, SMB, FUSE and the like; reading is always allowed.
    """

    page_size: ClassVar[int] = 100_000
    own_times = False  # whoever may write a file may set its time

    def __init__(self, root: str, *, allow_network_fs: bool = False, system: System | None = None) -> None:
        self.root = os.path.abspath(root)
        self._allow_network_fs = allow_network_fs
        self._system: System = system or this_system()
        self._writable = False
        self._root_synced = False

    def put_new(self, key: str, data: bytes) -> None:
        """Create an object, durably, if its key is free.

        Raises:
            Exists: the key is taken.
            StoreUnsafe: the file system is on the network, or has no hard links.
            StoreRefused: no permission, no space, or a directory is in the way.
            StoreError: the disk failed; whether the object exists is not known.
        """
        check_key(key)
        final = self._path(key)
        try:
            self._check_file_system()
            # A taken name saves writing the bytes. As after a lost race, that name is made durable first.
            taken = os.path.lexists(final)
            if taken:
                sync_directory(os.path.dirname(final), self._system)
            else:
                taken = not self._create(final, data)
        except OSError as failed:
            _fail("create", final, failed)
        if taken:
            if not os.path.isfile(final) and os.path.isdir(final):
                raise StoreRefused(
                    f"a directory stands where the object {key} belongs: {final}",
                    hint="move it out of the registry",
                )
            raise Exists(f"{key} exists")

    def get(self, key: str, *, limit: int) -> bytes:
        """The bytes of an object. Raises: NotFound, IntegrityError, StoreRefused, StoreError."""
        check_key(key)
        path = self._path(key)
        try:
            return read_file(path, limit, follow=False)
        except (FileNotFoundError, NotADirectoryError):
            raise NotFound(f"there is no object {key} in {self.root}") from None
        except OSError as failed:
            if failed.errno == errno.ELOOP:
                raise IntegrityError(f"{path} is a symbolic link, not an object") from None
            if failed.errno == errno.EFBIG:
                raise IntegrityError(
                    f"the object {path} has more than the {limit} bytes that it may have"
                ) from None
            _fail("read", path, failed)

    def list(
        self, prefix: str, *, after: str = "", token: str = "", limit: int = 1000, delimiter: bool = False
    ) -> Page:
        """The objects under a prefix, see `Bucket.list`. Raises: StoreRefused, StoreError."""
        check_prefix(prefix)
        entries: list[Entry] = []
        prefixes: list[str] = []
        last = ""
        for key, found in self._walk(prefix, token or after, delimiter):
            if len(entries) + len(prefixes) == limit:
                return Page(tuple(entries), tuple(prefixes), last)
            if found is None:
                prefixes.append(key)
                last = behind(key)
                continue
            try:
                stat = found.stat(follow_symlinks=False)
            except FileNotFoundError:  # deleted since
                continue
            entries.append(Entry(key, stat.st_size, stat.st_mtime))
            last = key
        return Page(tuple(entries), tuple(prefixes), "")

    def delete(self, key: str) -> None:
        """Delete an object, and the directories that it leaves empty. Raises: StoreRefused, StoreError."""
        check_key(key)
        path = self._path(key)
        directory = os.path.dirname(path)
        try:
            os.unlink(path)
            sync_directory(directory, self._system)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as failed:
            _fail("delete", path, failed)
        with contextlib.suppress(OSError):  # stops at the first directory that is not empty
            while directory != self.root:
                os.rmdir(directory)
                directory = os.path.dirname(directory)

    def clock(self) -> None:
        """None: a directory has no clock but that of the machine that asks."""

    def describe(self) -> str:
        """The bucket's URL."""
        return "file://" + self.root.replace(os.sep, "/")

    def inspect(self, prefix: str) -> Mapping[str, str]:
        """The file system's name. Raises: StoreUnsafe when it is on the network."""
        del prefix
        self._check_file_system()
        return {"file_system": file_system(self.root).kind or "unknown"}

    def sweep(self, *, before: float) -> int:
        """Remove temporary files of killed writers, last written before a time (seconds since the epoch).

        Returns how many were removed. A writer that still uses one fails without creating anything, so let
        the files be old enough.

        Raises:
            StoreError: the directory cannot be read.
        """
        swept = 0
        for entry in _scan(os.path.join(self.root, TEMPORARY)):
            with contextlib.suppress(FileNotFoundError):
                if entry.stat(follow_symlinks=False).st_mtime < before:
                    os.unlink(entry.path)
                    swept += 1
        return swept

    def _path(self, key: str) -> str:
        return os.path.join(self.root, *key.split("/"))

    def _check_file_system(self) -> None:
        if self._writable:
            return
        found = file_system(self.root)
        if found.network and not self._allow_network_fs:
            raise StoreUnsafe(
                f"{self.root} is on a network file system ({found.kind}), "
                "where creating an object exactly once cannot be relied on",
                hint="use a local disk or a bucket, or add allow_network_fs=true to the URL if only one "
                "machine writes there",
            )
        self._writable = True

    def _create(self, final: str, data: bytes) -> bool:
        """Write the object under its final name; returns whether that was free."""
        temporary_directory = os.path.join(self.root, TEMPORARY)
        os.makedirs(temporary_directory, exist_ok=True)
        temporary = os.path.join(temporary_directory, f"{os.getpid()}-{os.urandom(8).hex()}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY | _NO_FOLLOW
        with open(os.open(temporary, flags, 0o644), "wb", buffering=0) as file:
            try:
                rest = memoryview(data)
                while rest:
                    rest = rest[file.write(rest) :]
                sync(file.fileno(), self._system)
                if self._system == "windows":
                    file.close()  # an open file cannot be renamed there
                return self._name(temporary, final)
            finally:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(temporary)

    def _name(self, temporary: str, final: str) -> bool:
        for _ in range(100):  # a deletion may remove the directory again before the object is in it
            self._make_directories(os.path.dirname(final))
            try:
                return give_name(temporary, final, self._system)
            except FileNotFoundError:
                if not os.path.lexists(temporary):
                    break
        raise StoreUnavailable(
            f"{temporary} vanished before it became {final}",
            hint="something removes temporary files while they are in use; nothing was created, run it again",
        )

    def _make_directories(self, directory: str) -> None:
        """Make a directory and its parents, and sync all their names, also of those that existed.

        Another writer may have made them without having synced them yet, and an object that we report as
        created would be lost with their names.
        """
        os.makedirs(directory, exist_ok=True)
        while directory != self.root:
            directory = os.path.dirname(directory)
            with contextlib.suppress(FileNotFoundError):
                sync_directory(directory, self._system)
        while not self._root_synced:
            above = os.path.dirname(directory)
            self._root_synced = above == directory
            with contextlib.suppress(PermissionError):  # not ours: it existed before
                sync_directory(above, self._system)
            directory = above

    def _walk(
        self, prefix: str, after: str, delimiter: bool
    ) -> Iterator[tuple[str, os.DirEntry[str] | None]]:
        """Keys in byte order with their files; with `delimiter`, grouped prefixes with None."""
        parent, _, start = prefix.rpartition("/")
        base = parent + "/" if parent else ""
        if any(segment_problem(segment) for segment in parent.split("/") if parent):
            return
        names: list[tuple[str, os.DirEntry[str]]] = []
        for entry in _scan(self._path(parent) if parent else self.root):
            name = entry.name
            if name.startswith(start) and not segment_problem(name):
                # With its slash a directory sorts as the keys inside it do.
                names.append((name + "/" if entry.is_dir(follow_symlinks=False) else name, entry))
        names.sort(key=lambda pair: pair[0])
        for name, entry in names:
            key = base + name
            if not name.endswith("/"):
                if key > after and entry.is_file(follow_symlinks=False) and not key_problem(key):
                    yield key, entry
            elif len(key) <= MAX_KEY and (key > after or after.startswith(key)):
                if not delimiter:
                    yield from self._walk(key, after, False)
                elif after.startswith(key):
                    if next(self._walk(key, after, False), None) is not None:
                        yield key, None
                elif _holds_object(entry.path):  # S3 knows no empty directories
                    yield key, None


def _holds_object(directory: str) -> bool:
    """Whether a directory contains an object. Stops at the first: listings call this for every pack."""
    try:
        with os.scandir(directory) as found:
            for entry in found:
                if segment_problem(entry.name) or entry.name == RESERVED:
                    continue
                if entry.is_file(follow_symlinks=False):
                    return True
                if entry.is_dir(follow_symlinks=False) and _holds_object(entry.path):
                    return True
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as failed:
        _fail("list", directory, failed)
    return False


def _scan(directory: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as found:
            return list(found)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as failed:
        _fail("list", directory, failed)


def _fail(what: str, path: str, failed: OSError) -> NoReturn:
    message = f"cannot {what} {path}: {failed.strerror or failed}"
    if failed.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        raise StoreRefused(message, hint="ask whoever owns the directory for the permission") from failed
    if failed.errno in (errno.ENOSPC, errno.EDQUOT):
        raise StoreRefused(message, hint="free some space on that disk, then run it again") from failed
    if failed.errno in (errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG):
        raise StoreRefused(
            message, hint="something that does not belong to the registry is in the way"
        ) from failed
    if failed.errno in (errno.EMFILE, errno.ENFILE, errno.EINTR, errno.EAGAIN, errno.ENOMEM):
        raise StoreUnavailable(message) from failed
    raise StoreError(message, hint="check the disk and the system's log") from failed
