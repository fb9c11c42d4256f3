"""Finds the user's directories and the project's file; makes absolute paths and URLs of what people write.

On the fast path of a no-op install.
"""

# ruff: noqa: PTH113, PTH117, PTH118, PTH120 (pathlib costs start-up time)
from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_NAME = "packreg.toml"
#: Kind of directory -> where it is below a user's home on Linux.
_LINUX = {"data": ".local/share", "config": ".config", "state": ".local/state"}


def user_directory(kind: str, environ: Mapping[str, str]) -> str:
    """The user's directory for packreg's `"data"`, `"config"` or `"state"`, as platformdirs has it.

    On Linux that is `$XDG_DATA_HOME/packreg` or `~/.local/share/packreg` (and likewise for the others).
    platformdirs is asked only in other cases and on other systems: importing it costs as much as all else on
    the fast path together. Other systems have one directory for state and data, and data is the default home;
    so state gets a name of its own there.
    """
    if sys.platform == "linux":
        base = environ.get(f"XDG_{kind.upper()}_HOME", "").strip()
        if not base and environ.get("HOME", "").startswith("/"):
            base = os.path.join(environ["HOME"], _LINUX[kind])
        if base.startswith("/"):
            return os.path.join(base, "packreg")
    import platformdirs

    ask = getattr(platformdirs, f"user_{kind}_dir")
    name = "packreg-state" if kind == "state" and sys.platform != "linux" else "packreg"
    return str(ask(name, appauthor=False))


def expanded(path: str, environ: Mapping[str, str]) -> str:
    """The path with a leading `~/` replaced by the user's home; in files and variables no shell does that.

    Also `file://~` and `file://~/…`, as the Pulumi CLI writes the location of a backend.
    """
    users = environ.get("HOME", "")
    if path.startswith("~/") and users:
        return os.path.join(users, path[2:])
    if path.startswith("file://~") and path[8:9] in ("", "/", "?") and users:
        from urllib.parse import quote

        return f"file://{quote(users)}{path[8:]}"
    return path


def home(path: str, environ: Mapping[str, str], origin: str) -> str:
    """The absolute path of packreg's home.

    Raises:
        UsageError: it is relative: what it means would depend on the directory in which a command runs.
    """
    absolute = expanded(path, environ)
    if not os.path.isabs(absolute):
        from packreg.settings.file import usage

        raise usage(f"{origin} is the relative path {path!r}", "write an absolute path, or one with ~/")
    return os.path.normpath(absolute)


def program(word: str, base: str, environ: Mapping[str, str]) -> str:
    """The name of a program that is to be searched on PATH, or its absolute path if `word` has a "/"."""
    return os.path.normpath(os.path.join(base, expanded(word, environ))) if "/" in word else word


def place(path: str, base: str, environ: Mapping[str, str]) -> str:
    """The absolute path of a file or a directory; a relative one starts at `base`."""
    return os.path.normpath(os.path.join(base, expanded(path, environ)))


def nearest_file(cwd: str) -> str:
    """The packreg.toml in `cwd` or the nearest directory above it that has one, or an empty string."""
    directory = cwd
    while True:
        path = os.path.join(directory, FILE_NAME)
        if os.path.isfile(path):
            return path
        above = os.path.dirname(directory)
        if above == directory:
            return ""
        directory = above


def with_query(url: str, of_the_url: Mapping[str, object], path: str) -> str:
    """A registry's URL with options that belong to it, such as the region, added to its query.

    `store.url` refuses those that the kind of URL does not have.

    Raises:
        UsageError: there are options, and the location is a directory.
    """
    given = {key: str(value) for key, value in of_the_url.items() if value}
    if not given:
        return url
    if "://" not in url or url.startswith("file:"):
        from packreg.settings.file import usage

        raise usage(f"{path}: registry.{next(iter(given))} is only for buckets, not {url}")
    query = "&".join(f"{key}={_quoted(value)}" for key, value in given.items())
    return f"{url}{'&' if '?' in url else '?'}{query}"


def _quoted(value: str) -> str:
    """A value quoted for a URL's query; colons and slashes stay readable."""
    if (
        value.isascii()
        and value.replace(":", "").replace("/", "").replace(".", "").replace("-", "").isalnum()
    ):
        return value
    from urllib.parse import quote

    return quote(value, safe=":/")
