"""The entry point. Frequent simple commands are answered here, without loading click and most other modules.

`packreg path NAME@1.2.0` and `packreg install NAME@1.2.0` run before every preview and in every CI job, and
mostly find the pack installed; `packreg list` and `packreg --help` should be quick, too. They are answered
with the same code for settings, locations, markers and listings as elsewhere, and only in clear cases: exact
versions with a valid marker, a registry in a directory, no option but `--quiet` and, for the list, `--json`.
Everything else, also every error, goes to `app`.
"""
# ruff: noqa: PTH100, PTH109, PTH118 (pathlib costs start-up time)

from __future__ import annotations

import os
import sys

from packreg.cli.exits import INTERRUPTED, READER_GONE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from packreg.settings.values import Settings

_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._-")
_VERSION = _NAME | frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ") - {"_"}
_DIGITS = frozenset("0123456789")
#: Characters that need no escape in a URL.
_PLAIN = _VERSION | frozenset("_/~")
_VALUE = _PLAIN | frozenset(":")
#: The options of a bucket's URL, in their canonical order.
_OPTIONS = ("endpoint_url", "profile", "region")


def main(argv: Sequence[str] | None = None) -> int:
    """Run packreg; returns the exit code."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    code: int | None = 1
    try:
        code = quick_answer(arguments)
        if code is None:
            from packreg.cli.app import run

            code = run(arguments)
    except KeyboardInterrupt:  # before `run` could catch it
        code = INTERRUPTED
    finally:
        if code not in (0, READER_GONE):
            _say_missing_path(arguments)
    return code


def _say_missing_path(arguments: Sequence[str]) -> None:
    """After a `path` that failed, print a path that does not exist: see `missing_path`."""
    from packreg.cli.missing_path import missing_path, wanted_path

    reference = wanted_path(arguments)
    if reference is not None:
        settings = _settings()
        home = settings.home if settings is not None else None
        _write(os.fsencode(missing_path(reference, home)) + os.linesep.encode())


def quick_answer(argv: list[str]) -> int | None:
    """Answer without click and return the exit code; None if `app` has to run the command."""
    if not argv or "_PACKREG_COMPLETE" in os.environ or os.environ.get("PACKREG_LOG_FORMAT"):
        return None
    if argv[0] in ("--help", "-h") and len(argv) == 1:
        from packreg.cli.commands import help_text

        return _write(help_text().encode() + b"\n")
    if argv[0] in ("list", "ls") and argv[1:] in ([], ["--json"]):
        return _list(json=len(argv) > 1)
    wanted = exactly_wanted(argv)
    directories = installed_directories(wanted) if wanted else None
    if directories is None:
        return None
    if argv[0] != "path" and not {"-q", "--quiet"} & set(argv):
        _say("".join(f"{name}@{version} is already installed\n" for name, version in wanted))
    return _write(b"".join(os.fsencode(directory) + os.linesep.encode() for directory in directories))


def exactly_wanted(argv: Sequence[str]) -> list[tuple[str, str]]:
    """Names and versions of `install NAME@1.2.0…` or `path NAME@1.2.0`; empty if anything else is asked."""
    if argv[0] not in ("install", "pull", "path"):
        return []
    wanted = []
    for word in argv[1:]:
        if word in ("-q", "--quiet"):
            continue
        name, _, version = word.partition("@")
        plain = _NAME.issuperset(name) and _VERSION.issuperset(version) and ".." not in word
        if not name or name[0] in "._-" or not plain or version[:1] not in _DIGITS or version.count(".") < 2:
            return []
        wanted.append((name, version))
    return wanted if len(wanted) == 1 or argv[0] != "path" else []


def installed_directories(wanted: Sequence[tuple[str, str]]) -> list[str] | None:
    """The directories of these releases; None unless all are completely installed from this registry."""
    from packreg.install.marker import installed
    from packreg.install.trust import Key

    settings = _settings()
    if settings is None or settings.python is not None:  # `app` checks that its interpreter is the chosen one
        return None
    registry_id = location_id(settings.registry, settings.base)
    if registry_id is None:
        return None
    home, key = settings.home, Key(settings.state, settings.home)
    try:
        found = [installed(home, key, registry_id, name, version.lower()) for name, version in wanted]
    except Exception:  # noqa: BLE001 - such as an unsafe key: `app` raises and reports it
        return None
    directories = [directory for directory in found if directory is not None]
    return directories if len(directories) == len(found) else None


def location_id(text: str, base: str) -> str | None:
    """The id of the registry at `text`, as `store.url` computes it; None if `store.url` refuses it.

    Plain paths and plain buckets are handled here: parsing and quoting URLs takes longer than all the rest.
    """
    url = _plain_bucket(text) if text.startswith("s3://") else _plain_directory(text, base)
    if url is None:
        from packreg.errors import UsageError
        from packreg.store.url import parse_location

        try:
            return parse_location(text, cwd=base).id
        except UsageError:
            return None
    from packreg.install.trust import sha256

    return str(sha256(url.encode()).hexdigest())[:12]


def _plain_directory(text: str, base: str) -> str | None:
    """The URL of a directory whose path needs no quoting; None for all other text."""
    path = os.path.abspath(os.path.join(base, text))
    plain = os.sep == "/" and text and text[0] != "~" and _PLAIN.issuperset(path)
    return f"file://{path}" if plain and ":" not in text else None


def _plain_bucket(text: str) -> str | None:
    """The canonical URL of a bucket whose options need no quoting; None for all other text."""
    place, _, query = text[5:].partition("?")
    if not place or not _PLAIN.issuperset(place) or "//" in place or place[-1] == "/" or "~" in place:
        return None
    options = {}
    for pair in query.split("&") if query else ():
        name, _, value = pair.partition("=")
        if name not in _OPTIONS or name in options or not value or not _VALUE.issuperset(value):
            return None
        options[name] = value
    endpoint = options.get("endpoint_url", "https://x")
    if (
        endpoint != endpoint.lower()
        or not endpoint.startswith(("http://", "https://"))
        or endpoint[-1] == "/"
    ):
        return None
    quoted = [
        f"{name}={options[name].replace(':', '%3A').replace('/', '%2F')}"
        for name in _OPTIONS
        if name in options
    ]
    return f"s3://{place}?{'&'.join(quoted)}" if quoted else f"s3://{place}"


def _settings() -> Settings | None:
    """The settings; None if something is wrong with them, which `app` then reports."""
    from packreg.settings.load import load_settings

    try:
        return load_settings(os.environ, os.getcwd())
    except Exception:  # noqa: BLE001 - importing the error's class takes time; `app` reports the error
        return None


def _list(*, json: bool) -> int | None:
    """Answer `list` for a registry in a directory that is not empty; None in all other cases."""
    settings = _settings()
    if settings is None or (":" in settings.registry and not settings.registry.startswith("file:")):
        return None
    from packreg.cli.output import Output, ReaderGone, forget_stdout
    from packreg.errors import PackregError
    from packreg.registry.names import pack_names
    from packreg.store.open import open_store

    try:
        names = pack_names(open_store(settings.registry, cwd=settings.base))
        if not names:
            return None
        out = Output(os.environ)
        if json:
            out.document([{"name": name} for name in names])
        else:
            out.table(["name"], [[name] for name in names])
        out.flush()
    except PackregError:
        return None
    except ReaderGone:
        forget_stdout()
        return READER_GONE
    return 0


def _say(text: str) -> None:
    """Write to stderr; a closed stderr is no error."""
    try:
        sys.stderr.write(text)
    except OSError:
        return


def _write(data: bytes) -> int:
    """Write data to stdout, and return the exit code."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        from packreg.cli.output import forget_stdout

        forget_stdout()
        return READER_GONE
    return 0
