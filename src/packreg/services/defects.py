"""Errors outside packreg's own tree, as text: a refusal by the operating system, or a defect of packreg."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING

from packreg._version import __version__
from packreg.errors import PackregError

if TYPE_CHECKING:
    from packreg.services.workspace import Workspace


def described(workspace: Workspace, error: Exception) -> PackregError:
    """An exception that nobody expected, as an error; the traceback goes to a file in the home's logs."""
    try:
        now = workspace.now()
    except OverflowError:
        # Everything that asks the time fails then, in libraries too, while they are imported.
        return PackregError(
            "the clock of this machine shows a time later than Python can handle (11 April 2262)",
            hint="set the clock; `date` shows it",
        )
    if isinstance(error, OSError):
        sentence = f"the operating system refused: {error}"
        return PackregError(sentence, hint="run it again with -v to see where")
    sentence = f"this is a defect of packreg: {type(error).__name__}: {error}"
    hint = "please report it with the traceback, which -v shows"
    with suppress(PackregError, OSError):
        hint = f"please report it with the traceback in {_write_log(workspace, now, error)}"
    return PackregError(sentence, hint=hint)


def _write_log(workspace: Workspace, now: str, error: Exception) -> str:
    logs = workspace.home.logs
    logs.mkdir(parents=True, exist_ok=True)
    path = logs / f"defect-{now.replace(':', '')}-{os.getpid()}.log"
    head = f"packreg {__version__}, Python {sys.version}\n{' '.join(sys.argv)}\n\n"
    path.write_text(head + "".join(traceback.format_exception(error)), "utf-8")
    return str(path)
