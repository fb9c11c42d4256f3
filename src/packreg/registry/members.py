"""Reading a JSON object of the registry member by member, trusting none of them. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from packreg.errors import IntegrityError, UsageError
from packreg.pack.problems import Problems
from packreg.pack.strict_json import MAX_MEMORY, read_json
from packreg.registry.formats import HINT, MEMBERS, check
from packreg.text import one_line

T = TypeVar("T")


def printable_values(value: Any) -> Any:
    """The same JSON value with every text in it, and every key, as `one_line` has it."""
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, list):
        return [printable_values(item) for item in value]
    if isinstance(value, dict):
        return {one_line(key): printable_values(item) for key, item in value.items()}
    return value


class Members(NamedTuple):
    """A JSON object from the store that is being read; every error names the object's key."""

    key: str
    values: dict[str, Any]
    path: str = ""

    @classmethod
    def read(cls, data: bytes, key: str, limit: int, memory: int = MAX_MEMORY) -> Members:
        """Read the bytes of the object at `key`: at most `limit` bytes, and `memory` bytes when parsed.

        Raises:
            IntegrityError: they are no JSON object.
            StoreRefused: it needs a newer packreg (see `formats`).
        """
        problems = Problems()
        values = read_json(data, key, problems, limit=limit, memory=memory)
        if problems.errors or not isinstance(values, dict):
            why = str(problems.errors[0]) if problems.errors else "it is not a JSON object"
            raise IntegrityError(f"{key} cannot be read: {why}", hint=HINT)
        check(values, key)
        return cls(key, values)

    @property
    def needs(self) -> frozenset[str]:
        """The features that the object needs; this packreg knows them all."""
        return frozenset(self.values.get("needs", ()))

    def unknown(self, *known: str) -> dict[str, Any]:
        """The members that this packreg does not know: kept as they are by whoever edits the object."""
        known = known if self.path else (*MEMBERS, *known)
        return {name: value for name, value in self.values.items() if name not in known}

    def wrong(self, member: str, why: str) -> IntegrityError:
        """The error for a member that cannot be accepted."""
        problem = f"{self.path}{member}: {why}"
        return IntegrityError(f"{self.key} cannot be trusted: {problem}", hint=HINT, problem=problem)

    def raw(self, member: str, kind: type[T]) -> T:
        """The member, of exactly this JSON type (a boolean is not a number)."""
        value = self.values.get(member)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.wrong(member, "it is missing" if value is None else f"it is not a {kind.__name__}")
        return value

    def text(self, member: str) -> str:
        """A text for people, as `one_line` has it."""
        return one_line(self.raw(member, str))

    def texts(self, member: str) -> tuple[str, ...]:
        """A list of such texts."""
        return tuple(map(one_line, self.exact_texts(member)))

    def exact_texts(self, member: str) -> tuple[str, ...]:
        """A list of texts, unchanged, since they are compared or used as names."""
        values = self.raw(member, list)
        if not all(isinstance(value, str) for value in values):
            raise self.wrong(member, "it is not a list of texts")
        return tuple(values)

    def lines(self, member: str) -> str:
        """A text for people that may have several lines, each as `one_line` has it."""
        text = self.raw(member, str).replace("\r\n", "\n")
        return "\n".join(map(one_line, text.split("\n")))

    def list_of(self, member: str) -> tuple[Members, ...]:
        """A list of objects inside this one."""
        values = self.raw(member, list)
        if not all(isinstance(value, dict) for value in values):
            raise self.wrong(member, "it is not a list of objects")
        return tuple(Members(self.key, value, f"{self.path}{member}[{n}].") for n, value in enumerate(values))

    def number(self, member: str, most: int = 2**53) -> int:
        """A whole number from 0 to `most`."""
        value = self.raw(member, int)
        if not 0 <= value <= most:
            raise self.wrong(member, f"it is not between 0 and {most}")
        return value

    def matching(self, member: str, accepts: Callable[[str], object]) -> str:
        """A text that `accepts` returns a true value for."""
        value = self.raw(member, str)
        if not accepts(value):
            raise self.wrong(member, f"'{one_line(value[:80])}' has not the right form")
        return value

    def parsed(self, member: str, parse: Callable[[str], T]) -> T:
        """A text, parsed by `parse`; a `UsageError` of it becomes an error about the object."""
        try:
            return parse(self.raw(member, str))
        except UsageError as error:
            raise self.wrong(member, str(error)) from error

    def members(self, member: str) -> Members:
        """An object inside this one."""
        return Members(self.key, self.raw(member, dict), f"{self.path}{member}.")

    def optional(self, member: str, read: Callable[[Members], T]) -> T | None:
        """An object inside this one, read by `read`; None if there is none."""
        return None if self.values.get(member) is None else read(self.members(member))
