"""What this home knows of a registry: its id, and the highest revision of governance that it has seen.

Anybody who can write to a bucket could restore an older state of it, remove its newest governance, or put
another registry in its place; nothing in the bucket would show that. So the first answer is trusted, and
every later one has to continue it. The file is sealed with the user's key; one with another key counts as
missing. That loses nothing: the file can only make commands stop, and anybody who can replace it can also
delete it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from packreg.errors import InstallError
from packreg.files import read_file, write_file
from packreg.install.disk import disk_errors, only_one

if TYPE_CHECKING:
    from packreg.install.home import Home

_KIND = "known"
_LIMIT = 64 * 1024


class Known(NamedTuple):
    """The registry's id, the highest revision and its digest, and when (in seconds) it was first seen here.

    `revision` is 0 and `digest` empty where no governance was seen.
    """

    registry: str
    revision: int
    digest: str
    seen: float = 0.0


class KnownRegistry:
    """The file in which the home keeps what it knows of the registry at a URL. Processes may share it."""

    def __init__(self, home: Home, registry_id: str, url: str) -> None:
        self._home, self._id, self._url = home, registry_id, url
        self._path = home.root / "known" / f"{registry_id}.json"

    def get(self) -> Known | None:
        """What was last kept; None if there is nothing that this user kept on this machine.

        Raises:
            InstallError: it cannot be read.
        """
        try:
            data = read_file(self._path, _LIMIT, beginning=True)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise InstallError(f"cannot read {self._path}: {error.strerror}") from None
        found = self._home.key.sealed(_KIND, self._url, data)
        if found is None:
            return None
        return Known(found["registry"], found["revision"], found["digest"], found["seen"])

    def keep(self, known: Known, *, accepted: bool = False) -> None:
        """Keep `known`, unless the file has the same or a higher revision; if `accepted`, keep it anyway.

        Raises:
            InstallError: the home cannot be written to, or the user has no key that lasts.
        """
        if not self._home.key.lasts:
            raise InstallError(f"this user has no place for a key in {self._home.key.directory}")
        with only_one(self._home.lock_file("known", self._id), waiting=lambda: None):
            there = self.get()
            if (
                there is not None
                and not accepted
                and there.registry == known.registry
                and there.revision >= known.revision
            ):
                return
            with disk_errors("write", self._path):
                write_file(self._path, self._home.key.seal(_KIND, self._url, known._asdict()), parents=True)

    def forget(self) -> None:
        """Delete what is known; if that fails (a home that cannot be written), it is no error."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
