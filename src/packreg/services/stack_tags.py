"""The tags of one stack that was named, from the command line and from its backend; and which stack it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packreg.errors import NotFound, UsageError
from packreg.groups.members import groups_by_tags
from packreg.groups.model import SELF_MANAGED
from packreg.services.backends import Backends
from packreg.services.resources import backend_url
from packreg.services.stacks import StackTask, read_stack
from packreg.states.backend import StackName, find_stack
from packreg.states.places import BACKENDS
from packreg.states.stack_tags import read_stack_tags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packreg.groups.model import Entity, Governance, Mode
    from packreg.services.workspace import Workspace


def with_tags(
    workspace: Workspace,
    entity: Entity,
    governance: Governance,
    modes: Sequence[Mode],
    backend: str | None,
    *,
    told: bool = False,
) -> Entity:
    """The stack with the tags that its backend keeps; those it has already, from the command line, go before.

    It has the name that it has where several backends have a stack of that name (`Backends.placed`). The
    backend is the one of `--backend`, else the one that it is named with, else of PULUMI_BACKEND_URL. No tags
    are read where no group of these modes goes by tags, unless packs are `told` them. Where groups do and
    the tags are not known, that is said.

    Raises:
        UsageError: `--backend` names no self-managed backend, or the stack is of no such.
        NotEvaluated: several backends have it, and which one is meant is not known.
        InvalidState, StoreRefused, StoreUnavailable: what is there cannot be read.
    """
    by_tags = [name for mode in modes for name in groups_by_tags(governance, mode)]
    organization, _, name = entity.in_its_backend.partition("/")
    backends = Backends(workspace)
    if backend is not None and (entity.kind != "stack" or organization != SELF_MANAGED):
        raise UsageError(f"{entity} is in no self-managed backend", hint="leave --backend out")
    if entity.kind != "stack":
        return entity
    if backend is not None:
        url = backend_url(workspace, backend)
    else:
        url = (
            backends.url(entity.backend)
            if entity.backend
            else workspace.environ.get("PULUMI_BACKEND_URL", "")
        )
    entity = backends.placed(entity, url, sure=bool(backend or entity.backend))
    if not (by_tags or told or backend is not None):
        return entity
    why = "no backend is known"
    if organization != SELF_MANAGED or url.startswith("https://"):
        why = "packreg cannot ask Pulumi Cloud for them"
    elif backend is None and url and not url.startswith(BACKENDS):
        why = f"a backend of another kind than {', '.join(BACKENDS)} cannot be read"
    elif url:
        project, _, stack = name.partition("/")
        try:
            place = workspace.place_at(url)
            found = find_stack(StackName(project, stack), place)
            if found.project:
                tags = read_stack_tags(found, place)
            else:  # only the checkpoint says whose stack it is
                tags = dict(read_stack(StackTask(found, project), place, None)[0].tags)
            return replace(entity, tags={**tags, **entity.tags})
        except NotFound as missing:
            why = str(missing)
        except UsageError as unusable:  # such as the variable's, whose library is not installed
            if backend is not None:
                raise
            why = str(unusable)
    if by_tags and not entity.tags:
        workspace.notify.warn(
            f"{', '.join(by_tags)} may have {entity} as a member by its tags, which were not read: {why}",
            "give the backend with --backend URL, or the tags with --tag NAME=VALUE",
        )
    return entity
