"""Find out whether the Pulumi CLI has policy exceptions for the guard: they would override its denials.

Since 3.274.0 the file of `--policy-pack-config` may hold exceptions, which the CLI applies to what a pack
answered, by policy and URN. It reads the file before it starts the pack. So the guard reads the file at its
own position among the packs; files of the user's own packs do not matter.

The file may have changed before the guard reads it, or its path may mean another file for the guard. So there
is a second defence: a run with a violation always fails at its end (see `guard`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packreg.configuration.file import MAX_FILE, WAIVERS
from packreg.files import read_file
from packreg.services.pulumi_options import CONFIG_FLAG, CONFIGS, PACKS, Given, given
from packreg.text import one_line

if TYPE_CHECKING:
    import psutil

_MOST_LINKS = 40
#: Directories below the root whose files differ from process to process.
_EACH_ITS_OWN = ("proc", "dev")


@dataclass(frozen=True, slots=True)
class Exceptions:
    """`found` says where exceptions for the guard are; `unsure` why it is not known if there are any."""

    found: str = ""
    unsure: str = ""


NO_EXCEPTIONS = Exceptions()
_FOUND = (
    "the Pulumi CLI was given policy exceptions or environments for the guard, in {}: they are not for it\n"
    f"hint: take the file out of {CONFIG_FLAG} or {CONFIGS}; {WAIVERS}"
)


class _UnreadCommand(Exception):
    """A file cannot be read as the CLI read it; the text says why."""


def exceptions_of(
    cli: psutil.Process | None, environ: Mapping[str, str], is_guard: Callable[[Path], bool]
) -> Exceptions:
    """The exceptions by the CLI's command line and its variables; by `environ` if those cannot be read.

    `is_guard` says whether the path of a policy pack names the guard.
    """
    import psutil

    if cli is None:
        return Exceptions(unsure="the system does not show the command line of the Pulumi CLI")
    try:
        command = cli.cmdline()
    except (psutil.Error, OSError):
        command = []
    if not command:
        return Exceptions(unsure="the command line of the Pulumi CLI cannot be read")
    try:
        variables: Mapping[str, str] = cli.environ()
        directory = cli.cwd()
    except (psutil.Error, OSError):
        variables, directory = environ, ""
    read = given(command, variables)
    for name in (PACKS, CONFIGS):
        if variables.get(name, "") != environ.get(name, ""):  # the CLI's may have changed, or occur twice
            more = given((), environ)
            read = Given(read.pairs, read.configs | more.configs, certain=False)
    return _judged(read, directory, is_guard)


def _judged(read: Given, directory: str, is_guard: Callable[[Path], bool]) -> Exceptions:
    if not read.configs:
        return NO_EXCEPTIONS
    own = [config for pack, config in read.pairs if is_guard(Path(directory, pack))]
    # an executable file may start the guard; if no pack is the guard itself, one of these did
    files = [config for pack, config in read.pairs if not Path(directory, pack).is_dir()]
    found, unsure = _look(own or files, directory)
    if found:
        return Exceptions(found=_FOUND.format(found))
    others = files if read.certain and (own or files) else read.configs
    held, unread = _look(others, directory)
    if held:
        unsure = unsure or f"{held} holds policy exceptions, and may be meant for the guard"
    return Exceptions(unsure=unsure or unread)


def _look(configs: Iterable[str], directory: str) -> tuple[str, str]:
    """The first file with exceptions, or ""; and why the first unreadable file could not be read, or ""."""
    unread = ""
    for config in configs:
        shown = one_line(config, 200)
        try:
            if config and _has_exceptions(_content(os.path.join(directory, config))):  # noqa: PTH118  as it is
                return shown, unread
        except _UnreadCommand as error:
            unread = unread or f"the configuration {shown} {error}"
    return "", unread


def _content(path: str) -> bytes:
    """The bytes of a plain file. Raises _Unread."""
    try:
        if not Path(path).is_absolute() or not _is_shared(path):
            raise _UnreadCommand("may be another file for the guard than for the Pulumi CLI")
        return read_file(path, MAX_FILE, regular=True)
    except (OSError, ValueError) as error:
        raise _UnreadCommand(f"cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _is_shared(path: str) -> bool:
    """Whether a path means the same file for every process: no part is a descriptor or `/proc/self`."""
    parts, at, links = list(reversed(Path(path).parts[1:])), Path(Path(path).anchor), 0
    while parts:
        part = parts.pop()
        at = at.parent if part == ".." else at / part
        if at.parts[1:2] and at.parts[1] in _EACH_ITS_OWN:
            return False
        if at.is_symlink():
            links += 1
            if links > _MOST_LINKS:
                return False
            target = at.readlink()
            at = Path(target.anchor) if target.is_absolute() else at.parent
            parts += reversed(target.parts[1:] if target.is_absolute() else target.parts)
    return True


def _has_exceptions(data: bytes) -> bool:
    """Whether the file has exceptions, or environments, whose variables the CLI would give to the guard.

    Member names are compared without case, as the CLI does. Raises _Unread.
    """
    try:
        text = data.decode("utf-8-sig", "replace")
        whole = json.loads(text, object_pairs_hook=list, parse_int=float) if text.strip() else []
    except (ValueError, RecursionError):
        raise _UnreadCommand("is not JSON") from None
    members = [each for each in whole if isinstance(each, tuple)] if isinstance(whole, list) else []
    return any(name.casefold() in ("exceptions", "environments") and value for name, value in members)
