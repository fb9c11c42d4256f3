"""One run of the command: a workspace for its use cases, and the terminal."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

import click

from packreg.cli.output import Output
from packreg.errors import PackregError, UsageError
from packreg.services.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packreg.services.seen_words import Kind


class CommandContext(Workspace):
    """What commands share. `done` is what was finished before a failure, for the JSON error document."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.out = Output(environ, self._moment)
        super().__init__(environ, project=True, by=self.author, notify=self.out)
        self.done: dict[str, object] = {}

    @cached_property
    def cwd(self) -> str:
        """The absolute path of the working directory.

        Raises:
            UsageError: the directory was deleted.
        """
        try:
            return os.getcwd()  # noqa: PTH109
        except OSError as error:
            message = f"there is no working directory: {error.strerror}"
            raise UsageError(message, hint="cd somewhere else") from None

    def _moment(self) -> str:
        return self.precisely_now()

    def author(self, directory: str | os.PathLike[str] = "") -> str:
        """The name of the user, from git's configuration in `directory` (default: the working directory)."""
        from packreg.services.git import Git

        return Git(self.environ, self.tools.which("git")).author(os.path.join(self.cwd, directory))  # noqa: PTH118

    def seen_names(self, kind: Kind) -> list[str]:
        """The names of a kind that were seen, for shell completion; none after any error.

        The packs of a registry in a directory are listed as well; a bucket is not asked.
        """
        try:
            listed = self.registry().packs() if kind == "pack" and self.location.is_local else []
            return sorted({*listed, *self.seen.of(kind)})
        except (PackregError, OSError):
            return []

    def close(self) -> None:
        """Remove what only this run needed, and keep the names that it has seen."""
        super().close()
        if "seen" in vars(self) and "_PACKREG_COMPLETE" not in self.environ:
            with suppress(PackregError, OSError):  # the command did what it was asked for
                self.seen.keep()

    def confirmed(self, question: str, yes: bool) -> None:
        """Return if the user gave `--yes` or confirms on the terminal.

        Raises:
            UsageError: neither.
        """
        if yes or not sys.stdin.isatty() or self.out.json or self.out.json_log:
            super().confirmed(question, yes)
            return
        if not click.confirm(f"{question}?", err=True):
            raise UsageError("not confirmed; nothing was changed")

    def unexpected(self, error: Exception) -> int:
        """Report an error that is no PackregError: one of the operating system, or a defect. Returns 1."""
        from packreg.services.defects import described

        if self.out.verbose:
            import traceback

            text = "".join(traceback.format_exception(error))
            for line in [text] if self.out.json_log else text.splitlines():
                self.out.detail(line)
        return self.out.failure(described(self, error), **self.done)
