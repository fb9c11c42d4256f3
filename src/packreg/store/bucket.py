"""The interface of a bucket, whose operations make one attempt each, and the rule for keys.

A bucket sends a request once and reports what it knows. Only `packreg.store.store.Store` retries, and tells
its own success from another writer's, so that this is done right in one place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

from packreg.errors import StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Most characters of a key; with the longest prefix of an S3 location it fits S3's 1,024 bytes.
MAX_KEY = 512
#: Most characters between two slashes. File systems allow 255 bytes; the rest is for temporary names.
MAX_SEGMENT = 160
#: The one segment that may start with a dot; it holds packreg's own housekeeping objects.
RESERVED = ".packreg"

_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._-")
_WINDOWS_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))}
)


class Entry(NamedTuple):
    """One object in a listing: key, size in bytes, and creation time in seconds since the epoch."""

    key: str
    size: int
    modified: float


class Page(NamedTuple):
    """One answer to a listing.

    `entries` and `prefixes` are each in byte order. `more` is the `token` for the next page, "" when there is
    none; only the bucket knows what it means. An empty page may still have a next one. `full` says that the
    store called this the last page although it is full. Some stores do so with more to come, so `more` then
    leads to where another page would begin.
    """

    entries: tuple[Entry, ...]
    prefixes: tuple[str, ...]
    more: str
    full: bool = False


class Exists(StoreError):
    """The bucket refused to create an object: the key is taken, perhaps by our own earlier attempt."""


class Unsure(StoreError):
    """A write was sent and its outcome is not known: it took effect, will do so later, or never will."""


class Bucket(Protocol):
    """Objects by key. Every method makes one attempt, and any number of threads may call it at once.

    Besides the errors named at each method, all raise `StoreUnavailable` when trying again may help and no
    write was sent, `StoreRefused` when the store refuses the request, `StoreUnsafe` when the store proves
    unable to create objects exactly once, and `StoreError` for any other failure.
    """

    #: The most entries that one `list` can return.
    page_size: ClassVar[int]

    @property
    def own_times(self) -> bool:
        """Whether the store itself sets the times in listings, so that a writer cannot choose them."""

    def clock(self) -> float | None:
        """The store's present time in seconds since the epoch; None if it has no clock of its own."""

    def put_new(self, key: str, data: bytes) -> None:
        """Create an object durably if and only if its key is free. Readers see all of it or nothing.

        Raises:
            Exists: the key is taken.
            Unsure: the request was sent and its outcome is not known.
        """

    def get(self, key: str, *, limit: int) -> bytes:
        """The bytes of an object.

        Raises:
            NotFound: there is no such object.
            IntegrityError: it is larger than `limit` bytes.
        """

    def list(
        self, prefix: str, *, after: str = "", token: str = "", limit: int = 1000, delimiter: bool = False
    ) -> Page:
        """The objects whose keys start with `prefix` and are greater than `after`, at most `limit` of them.

        `prefix` need not end at a "/". With `delimiter`, keys with another "/" after the prefix are grouped:
        the part up to and including that "/" appears once in `prefixes` and counts as one. `after` is
        compared with keys before they are grouped. `token` is the `more` of the previous page; apart from
        `limit`, the other arguments must be the same. Keys that `check_key` refuses are not packreg's and are
        left out.
        """

    def delete(self, key: str) -> None:
        """Delete an object. A missing object counts as deleted."""

    def describe(self) -> str:
        """The bucket's URL, without secrets."""

    def inspect(self, prefix: str) -> Mapping[str, str]:
        """Facts about the store by name, as text. May create and delete objects under `prefix`."""


def segment_problem(segment: str) -> str:
    """Why `segment` cannot be the part of a key between two slashes, or "" if it can."""
    if not segment:
        return "it has an empty segment"
    if len(segment) > MAX_SEGMENT:
        return f"a segment has at most {MAX_SEGMENT} characters"
    if not _CHARACTERS.issuperset(segment):
        return "it holds only a-z, 0-9, '.', '_', '-' and '/'"
    if segment[0] == "." and segment != RESERVED:
        return "no segment starts with a dot"
    if segment[-1] == ".":
        return "no segment ends with a dot"
    if segment.partition(".")[0] in _WINDOWS_DEVICES:
        return f"{segment.partition('.')[0]!r} is a device name on Windows"
    return ""


def key_problem(key: str) -> str:
    """Why `key` cannot name an object, or "" if it can.

    The rule is narrow so that different keys stay different everywhere: object stores distinguish case, the
    file systems of macOS and Windows do not; Windows drops final dots and reserves names.
    """
    if len(key) > MAX_KEY:
        return f"a key has at most {MAX_KEY} characters"
    first, _, rest = key.partition("/")
    if rest.startswith(RESERVED) or f"/{RESERVED}" in rest:
        return f"{RESERVED!r} stands only at the beginning"
    if not rest and first == RESERVED:
        return f"{RESERVED!r} is not an object"
    for segment in key.split("/"):
        problem = segment_problem(segment)
        if problem:
            return problem
    return ""


def check_key(key: str) -> None:
    """Refuse a key that cannot name an object (see `key_problem`).

    Raises:
        UsageError: the key breaks the rule.
    """
    problem = key_problem(key)
    if problem:
        raise UsageError(f"{key[:MAX_KEY]!r} cannot be the key of an object: {problem}")


def check_prefix(prefix: str) -> None:
    """Refuse a prefix for a listing that no key can start with.

    Raises:
        UsageError: it has characters that keys cannot have, or an empty or relative segment.
    """
    if not _CHARACTERS.issuperset(prefix.replace("/", "")):
        raise UsageError(f"no key starts with {prefix!r}: keys hold only a-z, 0-9, '.', '_', '-' and '/'")
    segments = prefix.split("/")
    if any(not segment or segment.strip(".") == "" for segment in segments[:-1]) or segments[-1] in (
        ".",
        "..",
    ):
        raise UsageError(f"no key starts with {prefix!r}: it has an empty or a relative segment")


#: How tokens start: those of the store, and those after a full page that the store called the last one.
THEIRS, AFTER = "token:", "after:"


def page_of(found: list[Entry], prefixes: list[str], limit: int, following: str = "") -> Page:
    """The page that a store gave, without keys that are not packreg's; `following` is the store's own token.

    `found` and `prefixes` are all that it gave. A full page that is said to be the last one leads on to where
    the next would begin, see `Page.full`: with the token `AFTER` and the key to start after.
    """
    entries = tuple(entry for entry in found if not key_problem(entry.key))
    rolled = tuple(word for word in prefixes if not key_problem(word[:-1]))
    if following:
        return Page(entries, rolled, THEIRS + following)
    if len(found) + len(prefixes) < limit:
        return Page(entries, rolled, "")
    last = max([*(entry.key for entry in found), *(behind(word) for word in prefixes)])
    return Page(entries, rolled, AFTER + last, full=True)


def behind(prefix: str) -> str:
    """A text that sorts after every key that starts with `prefix`, and before every later key."""
    return prefix + "~"  # greater in ASCII than every character of a key
