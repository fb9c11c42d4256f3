"""A new definition of an environment: from a file, or one value of it, and tried out before it is kept."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from packreg.environments.document import MAX_DOCUMENT, read_document
from packreg.environments.editing import as_string, read_value, set_value
from packreg.environments.interpolation import parse_path
from packreg.environments.opening import check_config, open_document
from packreg.errors import PackregError, Problem, UsageError
from packreg.files import read_file

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext
    from packreg.services.environments import Opener

STDIN = "-"
MAX_VALUE = 2**20  # bytes


def definition_in(context: CommandContext, path: str) -> bytes:
    """What is in a file, or on stdin for `-`. Raises: UsageError: it cannot be read."""
    if path == STDIN:
        return sys.stdin.buffer.read(MAX_DOCUMENT + 1)
    try:
        return read_file(Path(context.cwd, path), MAX_DOCUMENT, beginning=True)
    except OSError as error:
        raise UsageError(
            f"the definition {path!r} cannot be read: {error.strerror}",
            hint="write NAME FILE, or NAME PATH VALUE to set one value",
        ) from None


def edited(name: str, before: bytes | None, where: str, value: str, secret: bool, string: bool) -> bytes:
    """The definition `before`, or an empty one, with one value set at the path `where`.

    Raises:
        InvalidConfiguration: what it becomes is no definition.
        UsageError: the path or the value cannot be read.
    """
    try:
        path = parse_path(where)
    except ValueError as error:
        raise UsageError(f"{where!r} is not the path of a value: {error}", hint="write a.b[0]") from None
    if value == STDIN:
        value = sys.stdin.buffer.read(MAX_VALUE).decode("utf-8", "replace").removesuffix("\n")
    new = as_string(value, secret=secret) if secret or string else read_value(value)
    return set_value(before or b"", path, new, name)


def try_out(opener: Opener, name: str, text: bytes) -> tuple[Problem, ...]:
    """Evaluate a definition before it is kept, and give what its author should know.

    Without the key of its secrets, which an edit of something else does not need, it is not evaluated.

    Raises:
        InvalidConfiguration: it cannot be evaluated, or what it gives packs cannot be used.
    """
    missing: list[PackregError] = []

    def reveal(environment: str, ciphertext: str) -> str:
        try:
            return opener.secrets.reveal(environment, ciphertext)
        except PackregError as error:
            missing.append(error)
            raise

    try:
        opened = open_document(read_document(text, name), name, opener.load, reveal)
        check_config(opened)
    except PackregError as error:
        if not missing or error is not missing[-1] or not isinstance(error, UsageError):
            raise
        return (Problem("environment-unchecked", f"it was not evaluated: {error}", name, error.hint),)
    return opened.warnings
