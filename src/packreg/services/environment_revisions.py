"""The revisions of environments: listed, read, compared, tagged, and removed by a last one."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING, NamedTuple

from packreg.errors import NotFound, UsageError
from packreg.registry.environment_reference import EnvironmentReference
from packreg.services.environments import environments_of, revision_json

if TYPE_CHECKING:
    from packreg.environments.stored import EnvironmentRevision
    from packreg.services.workspace import Workspace


def list_environments(workspace: Workspace, *, removed: bool = False) -> list[EnvironmentRevision]:
    """The newest revision of each environment, by name; of those that were `removed` only if asked for."""
    environments = environments_of(workspace)
    newest = workspace.at_once(environments.newest, environments.names())
    workspace.seen.replace("environment", (each.name for each in newest if each and not each.removed))
    return [each for each in newest if each is not None and (removed or not each.removed)]


class TaggedRevision(NamedTuple):
    """A revision of an environment, and the tags that name it, sorted."""

    revision: EnvironmentRevision
    tags: list[str]

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        return {**revision_json(self.revision), "tags": self.tags}


def environment_history(workspace: Workspace, name: str) -> list[TaggedRevision]:
    """The revisions of an environment, the newest first. Raises: NotFound: it has none."""
    environments = environments_of(workspace)
    tags = environments.tags(name).numbers
    revisions = list(environments.history(name))
    if not revisions:
        raise NotFound(f"there is no environment {name}", hint="`packreg env ls` lists them")
    return [
        TaggedRevision(each, sorted(tag for tag, number in tags.items() if number == each.number))
        for each in revisions
    ]


def read_environment(workspace: Workspace, reference: str) -> EnvironmentRevision:
    """The revision that a reference means, its secrets encrypted.

    Raises:
        NotFound, Removed: there is none.
        UsageError: it is no reference, or one to an environment of Pulumi ESC.
    """
    parsed = EnvironmentReference.parse(reference)
    if parsed.esc:
        raise UsageError(
            f"{reference} is kept by Pulumi ESC", hint=f"`packreg env open {reference}` opens it"
        )
    return environments_of(workspace).at(parsed)


class EnvironmentDifference(NamedTuple):
    """How the definitions of two revisions differ: the lines of a unified diff, none if they do not."""

    old: EnvironmentRevision
    new: EnvironmentRevision
    lines: list[str]

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        text = "\n".join(self.lines)
        return {"old": str(self.old), "new": str(self.new), "same": not self.lines, "text": text}


def compare_environments(workspace: Workspace, old: str, new: str | None = None) -> EnvironmentDifference:
    """Compare the definitions of two revisions; with one, it and the revision before.

    Raises:
        NotFound: there is no such revision, or none before it.
        UsageError: as `read_environment`.
    """
    theirs = read_environment(workspace, new or old)
    if new is None and theirs.number == 1:
        raise NotFound(f"{theirs} is the first revision, there is none before it")
    mine = read_environment(workspace, f"{theirs.name}@{theirs.number - 1}" if new is None else old)
    before, after = (each.text.decode().splitlines() for each in (mine, theirs))
    lines = list(unified_diff(before, after, str(mine), str(theirs), lineterm=""))
    return EnvironmentDifference(mine, theirs, lines)


class MovedTag(NamedTuple):
    """A tag of an environment: the revision that it names now, and the one that it named; 0 is none."""

    name: str
    tag: str
    number: int
    before: int

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "name": self.name,
            "tag": self.tag,
            "revision": self.number or None,
            "before": self.before or None,
        }


def tag_environment(workspace: Workspace, reference: str, tag: str, *, delete: bool = False) -> MovedTag:
    """Let a tag name the revision that a reference means, or drop it. Raises what `Environments.tag` does."""
    name = EnvironmentReference.parse(reference).name
    number = 0 if delete else read_environment(workspace, reference).number
    return MovedTag(name, tag, number, environments_of(workspace).tag(name, tag, number, workspace.by))


def remove_environment(
    workspace: Workspace, name: str, reason: str, *, yes: bool = False
) -> EnvironmentRevision:
    """Remove an environment; its revisions stay, under their numbers, for what refers to them.

    Raises:
        NotFound: there is none.
        UsageError: it was not confirmed, or no reason is given.
    """
    workspace.confirmed(f"removing the environment {name} from {workspace.place}", yes)
    return environments_of(workspace).remove(name, reason, workspace.by)
