"""Where things are: the user's directories, the project's file, paths and URLs as people write them.

On the fast path of a no-op install, as `config` is.
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

    On Linux that is `$XDG_DATA_HOME/packreg` or `~/.local/share/packreg` (and likewise for the others);
    platformdirs itself is asked for the odd cases and for other systems, since it costs as much to import
    as everything else on the fast path together. Those systems keep state beside data, which is the default
    home: there it has a name of its own.
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
    """A path with the user's home in place of a leading `~/`, which no shell sees in a file or a variable."""
    if path.startswith("~/") and environ.get("HOME"):
        return os.path.join(environ["HOME"], path[2:])
    return path


def home(path: str, environ: Mapping[str, str], origin: str) -> str:
    """The absolute path of a home; one that depends on where a command runs may be somebody else's."""
    absolute = expanded(path, environ)
    if not os.path.isabs(absolute):
        from packreg.settings.file import usage

        raise usage(f"{origin} is the relative path {path!r}", "write an absolute path, or one with ~/")
    return os.path.normpath(absolute)


def program(word: str, base: str, environ: Mapping[str, str]) -> str:
    """A program's name, to be searched on PATH, or its absolute path."""
    return os.path.normpath(os.path.join(base, expanded(word, environ))) if "/" in word else word


def place(path: str, base: str, environ: Mapping[str, str]) -> str:
    """The absolute path of a file or a directory."""
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
    """A registry's URL with what a file or a variable says beside it, in its query.

    Raises:
        UsageError: it is no bucket's.
    """
    given = {key: str(value) for key, value in of_the_url.items() if value}
    if not given:
        return url
    if not url.startswith("s3://"):
        from packreg.settings.file import usage

        raise usage(f"{path}: registry.{next(iter(given))} is only for s3:// registries, not {url}")
    query = "&".join(f"{key}={_quoted(value)}" for key, value in given.items())
    return f"{url}{'&' if '?' in url else '?'}{query}"


def _quoted(value: str) -> str:
    """A value for a URL's query; colons and slashes stay for people to read."""
    if (
        value.isascii()
        and value.replace(":", "").replace("/", "").replace(".", "").replace("-", "").isalnum()
    ):
        return value
    from urllib.parse import quote

    return quote(value, safe=":/")
