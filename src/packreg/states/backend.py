"""The stacks of a self-managed Pulumi backend (a directory or a bucket), and the newest checkpoint of each.

Two layouts, as the Pulumi CLI (3.259) has them: project-scoped, when `.pulumi/meta.yaml` says version 1,
with `.pulumi/stacks/<project>/<stack>.json`; legacy, when it says 0 or is not there, with
`.pulumi/stacks/<stack>.json`. Beside or instead of `.json` there can be `.json.gz` and `.json.zst`; the one
written last counts, and of several written at the same time the last by name, as for the CLI.

Nothing is locked or written. While an update is replacing a checkpoint, the previous one is read.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from packreg.errors import InvalidState, NotFound, UsageError
from packreg.states.places import Place
from packreg.states.secrets import Unwrap
from packreg.states.snapshot import Snapshot
from packreg.states.sources import MAX_SIZE, SourceFile, unpacked
from packreg.states.state import read_state

STACKS = ".pulumi/stacks/"
TAGS = ".pulumi-tags"
META = ".pulumi/meta.yaml"
_MAX_META = 64 * 1024

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_VERSION = re.compile(rb"^version:[ \t]*(\d{1,9})[ \t\r]*$", re.MULTILINE)
_CHECKPOINT = re.compile(r"((?:[^/]+/)?[^/]+)\.json(?:\.gz|\.zst)?")


class StackName(NamedTuple):
    """A stack's name and, when it was given, its project."""

    project: str
    name: str

    @classmethod
    def parse(cls, text: str) -> StackName:
        """`stack`, `organization/stack` or `organization/project/stack`. Raises UsageError.

        A self-managed backend has one organization, and its name is "organization".
        """
        parts = text.split("/")
        if len(parts) > 3 or any(not _NAME.fullmatch(part) or part in (".", "..") for part in parts):
            raise UsageError(
                f"{text[:200]!r} is not the name of a stack", hint="give organization/<project>/<stack>"
            )
        if len(parts) > 1 and parts[0] != "organization":
            raise UsageError(
                f"{text!r} has the organization {parts[0]!r}; self-managed backends only have 'organization'",
                hint=f"give organization/{'/'.join(parts[-2:])}",
            )
        return cls(parts[1] if len(parts) == 3 else "", parts[-1])


class StackEntry(NamedTuple):
    """A stack in a backend. `project` is "" in the legacy layout, where only the checkpoint names it.

    `file` is the name of its newest checkpoint, `modified` the time when that was written (seconds since the
    epoch); `has_tags` says whether there is a file of tags beside it.
    """

    project: str
    name: str
    file: str
    modified: float
    has_tags: bool = False


def list_stacks(place: Place) -> list[StackEntry]:
    """All stacks of a backend, by project and name. One listing, whatever their number.

    Raises NotFound (there is no backend here; a backend without stacks gives an empty list), InvalidState
    (the layout is unknown), StoreRefused, StoreUnavailable.
    """
    scoped = _layout(place) == 1
    newest: dict[str, StackEntry] = {}
    tagged = set()
    for entry in place.list(STACKS):
        path = entry.name.removeprefix(STACKS)
        if path.endswith(TAGS):
            tagged.add(path.removesuffix(TAGS))
        match = _CHECKPOINT.fullmatch(path)
        if match is None or ("/" in match[1]) != scoped:
            continue
        project, _, name = match[1].rpartition("/")
        found = StackEntry(project, name, entry.name, entry.modified)
        before = newest.get(match[1], found)
        newest[match[1]] = max(before, found, key=lambda each: (each.modified, each.file))
    if not newest and not scoped:
        _check_there(place)
    return sorted(each._replace(has_tags=path in tagged) for path, each in newest.items())


def read_checkpoint(file: str, place: Place, *, limit: int = MAX_SIZE) -> SourceFile:
    """The bytes of a checkpoint, decompressed.

    Raises NotFound (it was removed meanwhile), InvalidState (it is damaged or has more than `limit` bytes),
    StoreRefused, StoreUnavailable.
    """
    where = place.describe(file)
    return SourceFile(unpacked(place.read(file, limit), where, limit), where)


def read_stack(
    stack: str, place: Place, *, passphrase: str | None = None, unwrap: Unwrap | None = None
) -> Snapshot:
    """The snapshot of a stack (see `StackName`) in a backend.

    `passphrase` and `unwrap` decrypt its secrets, see `secrets`. Raises UsageError, NotFound (also when the
    stack in a legacy backend is of another project), InvalidState, StoreRefused, StoreUnavailable.
    """
    wanted = StackName.parse(stack)
    source = read_checkpoint(find_stack(wanted, place).file, place)
    snapshot = read_state(source.data, source.where, passphrase=passphrase, unwrap=unwrap)
    if wanted.project and snapshot.project and snapshot.project != wanted.project:
        raise NotFound(
            f"{source.where} is a stack of the project {snapshot.project[:100]!r}, not of {wanted.project!r}"
        )
    return snapshot


def find_stack(stack: StackName, place: Place) -> StackEntry:
    """One stack, as `list_stacks` lists it. In the legacy layout the project is not compared.

    Raises NotFound, UsageError (several projects have a stack with that name), InvalidState, StoreRefused,
    StoreUnavailable.
    """
    version = _layout(place)
    project = stack.project if version == 1 else ""
    if version == 1 and not project:
        projects = [name for name in _stacks(place) if name.rpartition("/")[2] == stack.name and "/" in name]
        if len(projects) > 1:
            raise UsageError(
                f"{place.describe()} has several stacks with the name {stack.name!r}",
                hint="give one of " + ", ".join(f"organization/{name}" for name in projects[:10]),
            )
        project = projects[0].partition("/")[0] if projects else ""
    found = _newest(place, project, stack.name) if project or version == 0 else None
    if found is None:
        asked = "/".join(part for part in stack if part)
        raise NotFound(f"{place.describe()} has no stack {asked!r}", hint=_what_there_is(place, version))
    return found


def _what_there_is(place: Place, version: int) -> str:
    """A hint for an error about a stack that the backend does not have."""
    files = _stacks(place)
    there = [name for name in files if ("/" in name) == (version == 1)]
    if there:
        return "it has " + ", ".join(there[:10]) + (", …" if len(there) > 10 else "")
    if files:
        return f"its stacks are laid out differently than {META} says; was that file lost or replaced?"
    return "it has no stacks at all; is it the backend's root?"


def _layout(place: Place) -> int:
    """The version of the backend's layout: 0 legacy, 1 project-scoped. Raises InvalidState for others."""
    try:
        meta = place.read(META, _MAX_META)
    except NotFound:
        return 0
    found = _VERSION.findall(meta)  # one line is all that Pulumi ever wrote there
    if len(found) != 1:
        raise InvalidState(f"{place.describe(META)} has no version of the backend's layout")
    if found[0] not in (b"0", b"1"):
        known = "0 and 1 are known"
        raise InvalidState(
            f"{place.describe(META)} says version {found[0].decode()} of the backend's layout; {known}"
        )
    return int(found[0])


def _check_there(place: Place) -> None:
    """Raise NotFound if the place is not a backend: the Pulumi CLI never wrote its meta file."""
    try:
        place.read(META, _MAX_META)
    except NotFound:
        raise NotFound(
            f"{place.describe()} is not a self-managed backend: it has neither {META} nor stacks",
            hint="name the backend's root, as `pulumi login` is given it",
        ) from None


def _newest(place: Place, project: str, name: str) -> StackEntry | None:
    """A stack with the checkpoint that was written last; None when it has no checkpoint."""
    base = f"{STACKS}{project}/{name}" if project else f"{STACKS}{name}"
    there = {entry.name: entry.modified for entry in place.list(f"{base}.")}
    files = [file for file in (f"{base}.json", f"{base}.json.gz", f"{base}.json.zst") if file in there]
    if not files:
        return None
    newest = max(files, key=lambda file: (there[file], file))
    return StackEntry(project, name, newest, there[newest], base + TAGS in there)


def _stacks(place: Place) -> list[str]:
    """All stacks of the backend, `<project>/<stack>` or `<stack>`, sorted."""
    names = set()
    for entry in place.list(STACKS):
        match = _CHECKPOINT.fullmatch(entry.name.removeprefix(STACKS))
        if match:
            names.add(match[1])
    return sorted(names)
