"""Files that only a pack's processes may read, for as long as they run."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from packreg.errors import InstallError


@contextmanager
def private_files(files: Mapping[str, bytes]) -> Iterator[dict[str, str]]:
    """Write contents to files and give their paths, by the same names; they are gone afterwards.

    Each is readable by this user alone (0600, in a directory of 0700), and has a name that says nothing.

    Raises:
        InstallError: they cannot be written; nothing is left.
    """
    if not files:
        yield {}
        return
    directory = ""
    try:
        directory = tempfile.mkdtemp(prefix="packreg-")
        paths: dict[str, str] = {}
        for number, (name, data) in enumerate(sorted(files.items()), 1):
            path = Path(directory, str(number))
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123
                file.write(data)
            paths[name] = str(path)
    except OSError as error:
        shutil.rmtree(directory, ignore_errors=True)
        raise InstallError(f"the files of an environment cannot be written: {error.strerror}") from None
    try:
        yield paths
    finally:
        shutil.rmtree(directory, ignore_errors=True)
