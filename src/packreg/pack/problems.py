"""Collecting what is wrong with a pack, so that its author hears all of it at once."""

from __future__ import annotations

from packreg.errors import Problem


class Problems:
    """A growing list of errors (the pack is refused) and warnings (it is not)."""

    def __init__(self) -> None:
        self.errors: list[Problem] = []
        self.warnings: list[Problem] = []

    def error(self, code: str, message: str, where: str = "", hint: str = "") -> None:
        """Add a reason to refuse the pack; the arguments are those of `Problem`."""
        self.errors.append(Problem(code, message, where, hint))

    def warn(self, code: str, message: str, where: str = "", hint: str = "") -> None:
        """Add something that the author should know and that stops nothing."""
        self.warnings.append(Problem(code, message, where, hint))
