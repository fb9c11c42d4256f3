"""Pack names, versions and version ranges: the words that name a release.

A version is SemVer 2.0.0 (semver.org), ASCII, at most 100 characters, without `+build` metadata: Pulumi
refuses `+`, and SemVer gives `1.0.0+a` and `1.0.0+b` equal precedence. Other text is refused, not normalised.
Every version accepted here also passes the rule of Pulumi's own service, `^[a-zA-Z0-9-_.]{1,100}$`.

Two versions that differ only in case are the same version, and likewise two names: object stores keep
case, the file systems of macOS and Windows do not, and nobody should have to tell `1.0.0-RC.1` from
`1.0.0-rc.1`. A version remembers how it was written; equality, hashing, order and storage use `key`.
"""

from __future__ import annotations

import re
from functools import total_ordering
from itertools import pairwise
from typing import TYPE_CHECKING

from packreg.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import semver

MAX_NAME = 100
MAX_VERSION = 100
#: The largest number that node-semver accepts (2**53 - 1); Go and Python would accept more.
MAX_NUMBER = 9007199254740991

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*", re.ASCII)
_NUMBER = r"(?:0|[1-9][0-9]*)"
_PRE = r"(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)"
_VERSION = re.compile(rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-({_PRE}(?:\.{_PRE})*))?", re.ASCII)
_PEP440 = r"([0-9]+\.[0-9]+\.[0-9]+)\.?(a|b|rc|alpha|beta|dev|post)\.?([0-9]*)"
#: Device names that Windows gives to no file, with or without an extension.
WINDOWS_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))}
)


def name_problem(name: str, what: str = "pack name") -> str:
    """Why `name` cannot name a pack, or "" if it can; the message calls it `what`.

    The rule: `[a-z0-9]` then `[a-z0-9._-]`, at most 100 characters, no final dot and no Windows device
    name, so that it is one plain path segment everywhere. It is narrower than Pulumi's
    `^[a-zA-Z0-9-_.]{1,100}$` in its first character; upper case is folded by the caller.
    """
    if not name:
        return f"a {what} cannot be empty"
    if len(name) > MAX_NAME:
        return f"a {what} has at most {MAX_NAME} characters, this one has {len(name)}"
    if not _NAME.fullmatch(name):
        return f"a {what} starts with a-z or 0-9 and holds only a-z, 0-9, '.', '_' and '-'"
    if name.endswith("."):
        return f"a {what} cannot end with a dot"
    if name.partition(".")[0] in WINDOWS_DEVICES:
        return f"{name.partition('.')[0]!r} is a device name on Windows"
    return ""


def pack_name(text: str, what: str = "pack name") -> str:
    """The stored form of a pack name, in ASCII lower case; also for other names (`what`) with the same rule.

    Raises:
        UsageError: `text` is not a valid name.
    """
    folded = text.lower() if text.isascii() else text
    problem = name_problem(folded, what)
    if problem:
        fits = re.sub(r"[^a-z0-9._-]+", "-", folded[:MAX_NAME]).strip("._-")
        hint = f"write {fits}" if fits and not name_problem(fits, what) else ""
        raise UsageError(f"{text[:200]!r} is not a {what}: {problem}", hint=hint)
    return folded


def version_problem(text: str) -> tuple[str, str]:
    """Why `text` is not a version and how to write it instead; two empty strings when it is one."""
    if not text:
        return "a version cannot be empty", "write a version such as 1.0.0"
    if len(text) > MAX_VERSION:
        return f"a version has at most {MAX_VERSION} characters, this one has {len(text)}", ""
    match = _VERSION.fullmatch(text)
    if match:
        for number in match.groups()[:3]:
            if int(number) > MAX_NUMBER:
                return f"the number {number} is larger than {MAX_NUMBER}, which npm refuses", ""
        return "", ""
    return "it is not a SemVer 2.0.0 version", _fix(text)


def _fix(text: str) -> str:
    """The version that the author most likely meant, in words."""
    bare = text.strip()
    if bare != text and _VERSION.fullmatch(bare):
        return f"remove the white space: {bare}"
    if bare[:1] in ("v", "V", "="):
        return f"write {bare[1:]}" if _VERSION.fullmatch(bare[1:]) else _fix(bare[1:])
    base, plus, _ = bare.partition("+")
    if plus and _VERSION.fullmatch(base):
        return f"build metadata does not make a different version: write {base}"
    if re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,15})?", bare, re.ASCII):
        parts = [str(int(part)) for part in bare.split(".")]
        return f"write {'.'.join([*parts, '0', '0'][:3])}"
    if re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,15}){2}", bare, re.ASCII):
        return f"no leading zeros: write {'.'.join(str(int(part)) for part in bare.split('.'))}"
    pep440 = re.fullmatch(_PEP440, bare, re.ASCII)
    if pep440:
        release, word, number = pep440.groups()
        word = {"a": "alpha", "b": "beta"}.get(word, word)
        return f"write {release}-{word}.{number or 0}"
    return "write three numbers and, for a pre-release, a dash and a word: 1.2.3 or 1.2.3-rc.1"


@total_ordering
class Version:
    """A SemVer 2.0.0 version without build metadata.

    `text` is the version as its author wrote it, `key` the same in lower case, which is what is compared,
    hashed and stored. Ordered by SemVer precedence.

    Raises:
        UsageError: the text is not such a version; the hint says how to write it.
    """

    __slots__ = ("_semver", "key", "text")

    def __init__(self, text: str) -> None:
        problem, fix = version_problem(text)
        if problem:
            shown = text if len(text) <= MAX_VERSION else text[:40] + "…"
            raise UsageError(f"{shown!r} is not a version: {problem}", hint=fix)
        self.text = text
        self.key = text.lower()
        self._semver: semver.Version | None = None

    def _order(self) -> semver.Version:
        if self._semver is None:
            from semver import Version as SemVer  # 33 ms to import, and most commands never compare

            self._semver = SemVer.parse(self.key)
        return self._semver

    @property
    def release(self) -> tuple[int, int, int]:
        """The three numbers."""
        major, minor, patch = self.key.partition("-")[0].split(".")
        return int(major), int(minor), int(patch)

    @property
    def is_prerelease(self) -> bool:
        """Whether it has a pre-release part."""
        return "-" in self.key

    def next_free(self, used: Iterable[Version]) -> Version:
        """The smallest patch release above this and every used version of the same major and minor number.

        If npm accepts no larger patch number, the same for the next minor number.
        """
        taken = [version.release for version in used]
        major, minor, patch = self.release
        while (above := 1 + max([patch, *(r[2] for r in taken if r[:2] == (major, minor))])) > MAX_NUMBER:
            major, minor, patch = (major, minor + 1, -1) if minor < MAX_NUMBER else (major + 1, 0, -1)
        return Version(f"{major}.{minor}.{above}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self.key == other.key

    def __lt__(self, other: Version) -> bool:
        if not isinstance(other, Version):
            return NotImplemented
        return self.key != other.key and self._order() < other._order()

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Version({self.text!r})"


_PARTIAL = rf"v?({_NUMBER}|[xX*])(?:\.({_NUMBER}|[xX*]))?(?:\.({_NUMBER}|[xX*]))?(?:-({_PRE}(?:\.{_PRE})*))?"
_TERM = r"(\^|~|>=|<=|>|<|=)?\s*(\S+)"


class VersionRange:
    """A set of versions, written as for npm and cargo: `^1.2`, `~1.2.3`, `1.x`, `>=1.2 <2`, `1.2 || 3.x`.

    A pre-release is inside only if a bound of the same three numbers names a pre-release itself, as in
    npm: `^1.2.0-rc.1` admits `1.2.0-rc.2` but not `1.3.0-rc.1`.

    Raises:
        UsageError: the text is not a range.
    """

    __slots__ = ("_alternatives", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        if len(text) > 500:
            raise UsageError("a version range has at most 500 characters", hint="write one such as ^1.2")
        self._alternatives = [self._bounds(part) for part in text.split("||")]

    def __contains__(self, version: Version) -> bool:
        return any(self._admits(bounds, version) for bounds in self._alternatives)

    @staticmethod
    def _admits(bounds: list[tuple[str, Version]], version: Version) -> bool:
        for operator, bound in bounds:
            inside = {
                ">=": version >= bound, ">": version > bound, "<=": version <= bound, "<": version < bound,
            }[operator]  # fmt: skip
            if not inside:
                return False
        return not version.is_prerelease or any(
            bound.is_prerelease and bound.release == version.release
            for _, bound in bounds
            if not isinstance(bound, _Floor)
        )

    def _bounds(self, text: str) -> list[tuple[str, Version]]:
        text = re.sub(r"(\^|~|>=|<=|>|<|=)\s+", r"\1", text.strip().replace(",", " "))
        if not text:
            raise self._bad(self.text)
        return [bound for term in text.split() for bound in self._term(term)]

    def _term(self, term: str) -> list[tuple[str, Version]]:
        match = re.fullmatch(_TERM, term, re.ASCII)
        partial = re.fullmatch(_PARTIAL, match[2], re.ASCII) if match else None
        if match is None or partial is None:
            raise self._bad(term)
        operator = match[1] or "="
        numbers = [int(n) if n and n.isdigit() else None for n in partial.groups()[:3]]
        if any(a is None and b is not None for a, b in pairwise(numbers)):  # 1.x.3 means nothing, in npm too
            raise self._bad(term)
        pre = partial[4]
        if pre and None in numbers:
            raise self._bad(term)
        if any(n is not None and n > MAX_NUMBER for n in numbers):
            raise self._bad(term)
        major, minor, patch = numbers
        if major is None:
            if operator in ("<", ">"):
                raise self._bad(term)
            return []
        low = Version(f"{major}.{minor or 0}.{patch or 0}" + (f"-{pre}" if pre else ""))
        if operator == "^":
            above = _above(major, minor, patch)
        elif operator == "~" or None in (minor, patch):
            above = _floor(major + 1) if minor is None else _floor(major, minor + 1)
        else:
            above = None
        if operator in ("^", "~") or (operator == "=" and above):
            assert above is not None
            return [(">=", low), ("<", above)]
        if operator == "=":
            return [(">=", low), ("<=", low)]
        if above and operator in (">", "<="):  # >1.2 means at least 1.3, <=1.2 means below 1.3
            return [(">=", above)] if operator == ">" else [("<", above)]
        return [(operator, low)]

    def _bad(self, part: str) -> UsageError:
        return UsageError(
            f"{self.text!r} is not a version range: cannot read {part!r}",
            hint="write one such as ^1.2, ~1.2.3, 1.x or '>=1.2 <2'",
        )

    def __str__(self) -> str:
        return self.text


class _Floor(Version):
    """A version below all pre-releases of its numbers: `< floor` excludes these pre-releases too.

    Its numbers may be one larger than `MAX_NUMBER`.
    """

    __slots__ = ()

    def __init__(self, text: str) -> None:
        self.text = self.key = text
        self._semver = None


def _floor(major: int, minor: int = 0, patch: int = 0) -> Version:
    return _Floor(f"{major}.{minor}.{patch}-0")


def _above(major: int, minor: int | None, patch: int | None) -> Version:
    """The exclusive upper bound of a caret range: the leftmost number that is not zero may not change."""
    if major or minor is None:
        return _floor(major + 1)
    if minor or patch is None:
        return _floor(0, minor + 1)
    return _floor(0, 0, patch + 1)
