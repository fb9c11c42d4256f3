"""Marks for what this user made on this machine, made with a key that lies outside every home.

A home may come from anywhere: a checkout, a CI cache, an image, a directory that others write to. So a file
in it is trusted only if it has a mark, the HMAC-SHA256 (RFC 2104) over its bytes and its path, or if it is a
download with the right digest. The key is random and made when it is first needed, in the user's state
directory. Anybody who can read that directory can act as the user anyway.

If no key can be kept, this process uses a key of its own: its marks mean nothing to the next process, which
makes everything again. This module is on the fast path of `packreg path`, and imports little.
"""
# ruff: noqa: PTH108, PTH117, PTH118, PTH120
# pathlib alone takes a third of the time that a bare Python takes to start.

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from packreg.errors import InstallError

#: The key's file, below the user's state directory.
KEY = "key"
_SIZE = 32
_BLOCK = 64
#: How a sealed document ends: the mark is its last member, over every byte before it.
_BEFORE, _AFTER = b',"mark":"', b'"}\n'
_TAIL = len(_BEFORE) + 2 * _SIZE + len(_AFTER)
_of_this_process = os.urandom(_SIZE)


class Key:
    """The key of this user on this machine. Several threads may use it.

    `directory` is the user's state directory, absolute and outside `home`; None is for programs that keep no
    key. The key is read when the first mark is made or checked.
    """

    def __init__(self, directory: str | None = None, home: str = "") -> None:
        self.directory = directory
        self.home = home
        self._secret: bytes | None = None
        self._lasting = False

    @property
    def lasts(self) -> bool:
        """Whether the key is kept on disk, so that later processes accept its marks. Raises: InstallError."""
        self._get()
        return self._lasting

    def mark(self, kind: str, place: str, data: bytes) -> str:
        """The mark of these bytes for this kind of thing at this path, in hex.

        Raises:
            InstallError: the key is not safe where it is.
        """
        key = self._get().ljust(_BLOCK, b"\0")
        words = f"{kind}\0{place}\0".encode("utf-8", "surrogateescape")
        inner = sha256(bytes(byte ^ 0x36 for byte in key) + words + data).digest()
        return str(sha256(bytes(byte ^ 0x5C for byte in key) + inner).hexdigest())

    def wrap(self, kind: str, place: str, data: bytes) -> bytes:
        """The bytes with their mark appended, for `unwrap`. Raises: InstallError."""
        return data + self.mark(kind, place, data).encode()

    def unwrap(self, kind: str, place: str, wrapped: bytes) -> bytes | None:
        """The bytes without their mark; None if it is not this key's mark for them. Raises: InstallError."""
        data, mark = wrapped[: -2 * _SIZE], wrapped[-2 * _SIZE :]
        return data if self._fits(kind, place, data, mark) else None

    def seal(self, kind: str, place: str, members: dict[str, Any]) -> bytes:
        """A JSON object of these members, with the mark as its last member. Raises: InstallError."""
        import json

        data = json.dumps(members, separators=(",", ":"), sort_keys=True).encode("ascii")[:-1]
        return data + _BEFORE + self.mark(kind, place, data).encode() + _AFTER

    def sealed(self, kind: str, place: str, data: bytes) -> dict[str, Any] | None:
        """The members of a sealed document; None if it does not have this key's mark for this kind and path.

        Raises:
            InstallError: the key is not safe where it is.
        """
        import json

        body, tail = data[:-_TAIL], data[-_TAIL:]
        if not tail.startswith(_BEFORE) or not tail.endswith(_AFTER):
            return None
        if not self._fits(kind, place, body, tail[len(_BEFORE) : -len(_AFTER)]):
            return None
        members: dict[str, Any] = json.loads(data)
        return members

    def _fits(self, kind: str, place: str, data: bytes, mark: bytes) -> bool:
        return self.mark(kind, place, data).encode() == mark

    def _get(self) -> bytes:
        if self._secret is None:
            found = None if self.directory is None else _find(self.directory, self.home)
            self._lasting = found is not None
            self._secret = _of_this_process if found is None else found
        return self._secret


def sha256(data: bytes) -> Any:
    """hashlib's sha256 without OpenSSL, which costs as much to load as all else on the fast path."""
    try:
        from _sha2 import sha256 as made  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        try:
            from _sha256 import sha256 as made  # type: ignore[import-not-found, unused-ignore]
        except ImportError:
            from hashlib import sha256 as made
    return made(data)


def _find(directory: str, home: str) -> bytes | None:
    """The key in this directory, made now if there is none; None if it cannot be made."""
    path = os.path.join(directory, KEY)
    if not os.path.isabs(directory):
        raise _unsafe(
            f"the key would be at the relative path {path}", "set XDG_STATE_HOME to an absolute path"
        )
    inside = os.path.join(os.path.realpath(home), "") if home else ""
    if inside and os.path.join(os.path.realpath(directory), "").startswith(inside):
        raise _unsafe(
            f"the key {path} would lie inside the home {home}, where others may have written it",
            "set XDG_STATE_HOME to a directory of yours outside of it, or choose another home",
        )
    found = _read(path)
    if found is not None:
        return found
    try:
        _make(path)
    except OSError:
        return None
    return _read(path)


def _read(path: str) -> bytes | None:
    """The key that is kept at `path`; None if there is none."""
    try:
        file = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unsafe(f"the key {path} cannot be read: {error.strerror}") from None
    try:
        status = os.fstat(file)
        key = os.read(file, _SIZE + 1)
    finally:
        os.close(file)
    if os.name == "posix":
        if status.st_uid != os.geteuid():
            raise _unsafe(f"the key {path} belongs to the user {status.st_uid}, not to you")
        if status.st_mode & 0o077:
            raise _unsafe(f"the key {path} is readable by others (mode {status.st_mode & 0o777:o})")
    if len(key) != _SIZE:
        raise _unsafe(f"the key {path} is damaged")
    return key


def _make(path: str) -> None:
    """Create the key in one step, unless another process was first. Raises: OSError."""
    directory = os.path.dirname(path)
    os.makedirs(directory, mode=0o700, exist_ok=True)  # noqa: PTH103
    staged = os.path.join(directory, f".{KEY}-{os.getpid()}-{os.urandom(4).hex()}")
    file = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        try:
            os.write(file, os.urandom(_SIZE))
            os.fsync(file)
        finally:
            os.close(file)
        try:
            os.link(staged, path)
        except FileExistsError:  # another process was first; its key is used
            return
        except OSError:  # a file system without links
            if not os.path.lexists(path):
                os.rename(staged, path)  # noqa: PTH104
    finally:
        if os.path.lexists(staged):
            os.unlink(staged)


def _unsafe(message: str, hint: str = "") -> InstallError:
    from packreg.errors import InstallError

    return InstallError(
        message,
        hint=hint or "delete it: a new one is made, and packs are installed again when they are needed",
    )
