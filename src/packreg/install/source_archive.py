"""Unpacks the archive of a source distribution (`.tar.gz` or `.zip` from an index), with limits on its size.

Only regular files and directories below the archive's one directory are written. Links are left out; an
archive with a path that leads elsewhere is refused.
"""

from __future__ import annotations

import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from packreg.errors import InstallError

#: The most bytes and members of an archive: about ten times those of the largest provider SDKs.
MAX_UNPACKED = 2 * 2**30
MAX_MEMBERS = 200_000


def unpack_source(archive: Path, name: str, target: Path) -> Path:
    """Unpack the archive, called `name`, below `target`; returns the one directory in it, the source's root.

    Raises:
        InstallError: it is no archive of one directory, is too large, or has a path that leads out of it.
    """
    members = left = 0
    try:
        for path, size, file in _members(archive, name):
            members, left = members + 1, left + size
            if members > MAX_MEMBERS or left > MAX_UNPACKED:
                raise _refused(name, f"it holds more than {MAX_UNPACKED >> 30} GiB or {MAX_MEMBERS} files")
            parts = PurePosixPath(path).parts
            if not parts or parts[0] == "/" or ".." in parts or "\\" in path or ":" in path or "\0" in path:
                raise _refused(name, f"it holds {path[:200]!r}")
            place = target.joinpath(*parts)
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("xb") as out:
                shutil.copyfileobj(file, out)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError) as error:
        raise _refused(name, str(error)) from error
    except OSError as error:
        raise _refused(name, error.strerror or str(error)) from error
    tops = [path for path in target.iterdir() if path.is_dir()] if target.is_dir() else []
    if len(tops) != 1:
        raise _refused(name, "it does not hold exactly one directory")
    return tops[0]


def _members(archive: Path, name: str) -> Iterator[tuple[str, int, IO[bytes]]]:
    """Path, size and content of each regular file."""
    if name.endswith(".zip"):
        with zipfile.ZipFile(archive) as zipped:
            for each in zipped.infolist():
                if not each.is_dir():
                    with zipped.open(each) as file:
                        yield each.filename, each.file_size, file
        return
    with tarfile.open(archive, "r:*") as tar:
        for info in tar:
            content = tar.extractfile(info) if info.isreg() else None
            if content is not None:
                yield info.name, info.size, content


def _refused(name: str, why: str) -> InstallError:
    return InstallError(f"the source archive {name} cannot be unpacked: {why}")
