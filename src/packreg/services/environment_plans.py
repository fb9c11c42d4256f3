"""Environments as code: what files say of them is planned, evaluated and set."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from packreg.environments.sealing import seal
from packreg.errors import ChangedMeanwhile
from packreg.groups.differences import Difference
from packreg.services.environment_revisions import list_environments
from packreg.services.environments import EnvironmentResolver, environments_of, try_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from packreg.environments.stored import EnvironmentRevision
    from packreg.errors import Problem
    from packreg.groups.differences import Change
    from packreg.groups.file_sections import WrittenEnvironment
    from packreg.services.workspace import Workspace


class EnvironmentPlan(NamedTuple):
    """An environment that would get another definition, None if it is removed; `before` is its newest."""

    name: str
    before: EnvironmentRevision | None
    text: bytes | None

    @property
    def difference(self) -> Difference:
        """What would change, with the definitions as texts."""
        there = self.before is not None and not self.before.removed
        before = self.before.text.decode() if self.before is not None and there else None
        after = None if self.text is None else self.text.decode()
        change: Change = "removed" if after is None else "changed" if there else "added"
        return Difference(change, f"environment {self.name}", ("definition",), before, after)


def plan_environments(
    workspace: Workspace, written: Mapping[str, WrittenEnvironment], *, prune: bool
) -> tuple[list[EnvironmentPlan], list[Problem], EnvironmentResolver | None]:
    """What would change if environments were as files have them; what should be known; and what opens them.

    Nothing is read, and nothing opens them, where the files speak of none.

    Each is evaluated with the definitions of the files. With `prune` those go that no file names.

    Raises:
        InvalidConfiguration: one cannot be evaluated.
        UsageError: a ciphertext is new, and its key is not at hand.
    """
    if not written and not prune:
        return [], [], None
    resolver = EnvironmentResolver(workspace, {name: each.text for name, each in written.items()})
    plans: list[EnvironmentPlan] = []
    problems: list[Problem] = []
    for name, each in sorted(written.items()):
        before = resolver.environments.newest(name)
        there = before is not None and not before.removed
        if before is not None and there and before.text == each.text:
            continue
        seal(each.text, name, resolver.secrets, before.text if before is not None and there else None)
        problems += try_out(resolver, name, each.text)
        plans.append(EnvironmentPlan(name, before, each.text))
    if prune:
        others = [each for each in list_environments(workspace) if each.name not in written]
        plans += [EnvironmentPlan(each.name, each, None) for each in others]
    return plans, problems, resolver


def carry_out_environments(workspace: Workspace, plans: Sequence[EnvironmentPlan], reason: str) -> None:
    """Set and remove what was planned.

    Raises:
        ChangedMeanwhile: somebody changed one of them since; those before it are set.
    """
    environments = environments_of(workspace)
    for name, before, text in plans:
        if text is not None:
            environments.set(name, text, workspace.by, before)
            workspace.seen.add("environment", [name])
            continue
        newest = environments.newest(name)
        if before is None or newest is None or newest.number != before.number:
            raise ChangedMeanwhile(f"somebody changed the environment {name}", hint="look at the plan again")
        environments.remove(name, reason, workspace.by)
