"""What a bucket is: the raw verbs on objects, one attempt each, and the rule for keys.

A bucket answers once and says what it knows. Trying again, and telling an own success from somebody else's,
is the work of `packreg.store.store.Store` alone, so that there is one place where it is right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

from packreg.errors import StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Keys are at most this long; with the longest prefix of an S3 location they fit S3's 1,024 bytes.
MAX_KEY = 512
#: File systems allow 255 bytes; the rest is room for temporary names.
MAX_SEGMENT = 160
#: The one segment that may start with a dot: packreg's own housekeeping objects.
RESERVED = ".packreg"

_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._-")
_WINDOWS_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))}
)


class Entry(NamedTuple):
    """One object in a listing: key, size in bytes, and time of creation in seconds since the epoch."""

    key: str
    size: int
    modified: float


class Page(NamedTuple):
    """One answer to a listing.

    `entries` and `prefixes` are each in byte order. `more` is what to pass as `token` for the next page, and
    empty when there is none; it means something to the bucket alone. A page may be empty and still have a
    next one. `full` says that the store called this page the last one though it holds as much as a page can;
    then `more` leads to where another could begin, since stores were met that say so with more to come.
    """

    entries: tuple[Entry, ...]
    prefixes: tuple[str, ...]
    more: str
    full: bool = False


class Exists(StoreError):
    """The bucket refused to create an object: its key is taken, perhaps by an earlier attempt of ours."""


class Unsure(StoreError):
    """A write was sent and its outcome is not known: it has taken effect, or may later, or never will."""


class Bucket(Protocol):
    """Objects by key. Every method makes one attempt, and any number of threads may call it at once.

    Beside the errors named at each method, all raise `StoreUnavailable` when trying again may help and a
    write certainly was not sent, `StoreRefused` when the store says no, `StoreUnsafe` when it turns out not
    to keep its promise, and `StoreError` for any other failure.
    """

    #: The most entries that one `list` can return.
    page_size: ClassVar[int]

    @property
    def own_times(self) -> bool:
        """Whether the times in listings are the store's own, which whoever writes an object cannot choose."""

    def clock(self) -> float | None:
        """The store's present time in seconds since the epoch; None where it has none of its own."""

    def put_new(self, key: str, data: bytes) -> None:
        """Create an object, durably, if and only if its key is free. Readers see all of it or nothing.

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

        `prefix` need not end at a "/". With `delimiter`, keys that hold another "/" behind the prefix are
        rolled up: each such beginning, with its final "/", appears once in `prefixes` and counts as one.
        `after` is compared with keys, before they are rolled up. `token` is the `more` of the page before, to
        an otherwise equal call (`limit` may differ). Keys that break the rule of `check_key` are somebody
        else's and are left out.
        """

    def delete(self, key: str) -> None:
        """Delete an object; one that is not there counts as deleted."""

    def describe(self) -> str:
        """The bucket's URL, without secrets."""

    def inspect(self, prefix: str) -> Mapping[str, str]:
        """Facts about the store, as text; may write and delete under `prefix`."""


def segment_problem(segment: str) -> str:
    """Why `segment` cannot stand between the slashes of a key, or an empty string when it can."""
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
    """Why `key` cannot name an object, or an empty string when it can.

    Keys are narrow so that each has one spelling everywhere: object stores keep case, the file systems of
    macOS and Windows do not; Windows drops final dots and reserves names.
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
    """Refuse a key that cannot name an object.

    Raises:
        UsageError: why it cannot.
    """
    problem = key_problem(key)
    if problem:
        raise UsageError(f"{key[:MAX_KEY]!r} cannot be the key of an object: {problem}")


def check_prefix(prefix: str) -> None:
    """Refuse the beginning of a listing that no key can have.

    Raises:
        UsageError: it holds other characters than keys do, an empty or a relative segment.
    """
    if not _CHARACTERS.issuperset(prefix.replace("/", "")):
        raise UsageError(f"no key starts with {prefix!r}: keys hold only a-z, 0-9, '.', '_', '-' and '/'")
    segments = prefix.split("/")
    if any(not segment or segment.strip(".") == "" for segment in segments[:-1]) or segments[-1] in (
        ".",
        "..",
    ):
        raise UsageError(f"no key starts with {prefix!r}: it has an empty or a relative segment")


def behind(prefix: str) -> str:
    """A word greater than every key that starts with `prefix` and less than every other greater key."""
    return prefix + "~"  # greater in ASCII than every character of a key
