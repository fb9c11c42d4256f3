"""Let the user edit a text in their own editor; what they wrote is kept until it was accepted."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from packreg.errors import UsageError
from packreg.files import read_file

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext


class TextToEdit:
    """A text in a private file, which the user's editor opens."""

    def __init__(self, context: CommandContext, limit: int) -> None:
        """`limit` is the largest size of the edited text, in bytes."""
        self._context, self._limit = context, limit
        self._file: Path | None = None

    def edit(self, text: bytes) -> bytes:
        """Open `text` in $VISUAL, $EDITOR or vi; returns the edited text.

        Raises:
            UsageError: there is no such program, it lies in the checkout, it failed, or the text is too long.
        """
        environ = self._context.environ
        named = "VISUAL" if environ.get("VISUAL") else "EDITOR"
        try:
            words = shlex.split(environ.get(named) or "vi")
        except ValueError as error:
            raise UsageError(f"${named} cannot be read: {error}", hint="export EDITOR=vi") from None
        program = self._context.tools.programs.checked(words[0], f"${named}")
        self._file = Path(tempfile.mkdtemp(prefix="packreg-edit-")) / "environment.yaml"
        self._file.write_bytes(text)
        out = sys.stderr if self._context.out.json else None  # stdout is for the JSON document
        try:
            code = subprocess.run([program, *words[1:], self._file], stdout=out, check=False).returncode
        except OSError as error:
            raise UsageError(f"${named}: {program} cannot be started: {error.strerror}") from None
        if code:
            raise UsageError(f"${named}: {program} ended with exit status {code}; nothing was changed")
        try:
            return read_file(self._file, self._limit)
        except OSError as error:
            raise UsageError(f"{self._file} cannot be read: {error.strerror}") from None

    def kept(self, than: bytes) -> Path | None:
        """The file, if it differs from the text `than`; else it is removed and the result is None."""
        try:
            if self._file is not None and self._file.read_bytes() != than:
                return self._file
        except OSError:
            pass
        self.remove()
        return None

    def remove(self) -> None:
        """Remove the file."""
        if self._file is not None:
            shutil.rmtree(os.fspath(self._file.parent), ignore_errors=True)
