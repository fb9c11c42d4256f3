"""`group`: policy groups, their members, and what they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from packreg.cli.base import REFERENCE, Group, command
from packreg.cli.enabling import check_entries, with_version
from packreg.cli.governing import (
    edit_governance,
    read_governance,
    read_revision,
    show_edit,
    show_plan,
)
from packreg.cli.group_files import apply_command, export_command
from packreg.cli.group_settings import settings_command
from packreg.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packreg.cli.session import Session
    from packreg.groups.model import Governance
    from packreg.groups.model import Group as PolicyGroup
    from packreg.pack.reference import Reference

group_command = Group(
    "group",
    help="Policy groups: which policy packs which stacks and accounts must run.",
    examples=(
        "packreg group new prod --add-stack '*/prod'",
        "packreg enable guard@^1.2 --group prod",
        "packreg group get prod",
    ),
)
_add = [
    click.option(
        "--add-stack", metavar="STACK", multiple=True, help="[organization/]project/stack; may have globs."
    ),
    click.option(
        "--add-account",
        "--add-insights-account",
        "add_account",
        metavar="ACCOUNT",
        multiple=True,
        help="A cloud account; may have globs.",
    ),
    click.option("--add-tag", metavar="NAME=GLOB", multiple=True, help="Whatever has such a tag."),
]
_remove = [
    click.option("--remove-stack", metavar="STACK", multiple=True, help="As it is listed."),
    click.option(
        "--remove-account",
        "--remove-insights-account",
        "remove_account",
        metavar="ACCOUNT",
        multiple=True,
        help="As it is listed.",
    ),
    click.option("--remove-tag", metavar="NAME=GLOB", multiple=True, help="As it is listed."),
]


@command(
    "new",
    group=group_command,
    examples=(
        "packreg group new prod --add-stack '*/prod'",
        "packreg group new cloud --mode audit --entity-type accounts --add-account 'aws/*'",
    ),
)
@click.argument("name", metavar="GROUP")
@click.option(
    "--mode",
    type=click.Choice(["preventative", "audit"]),
    default="preventative",
    show_default=True,
    help="Preventative groups stop deployments, audit groups report.",
)
@click.option(
    "--entity-type",
    "entity_types",
    type=click.Choice(["stacks", "accounts"]),
    multiple=True,
    help="What it takes; twice for both.  [default: stacks]",
)
@_add[0]
@_add[1]
@_add[2]
@click.pass_obj
def new_command(
    session: Session,
    name: str,
    mode: str,
    entity_types: tuple[str, ...],
    add_stack: tuple[str, ...],
    add_account: tuple[str, ...],
    add_tag: tuple[str, ...],
) -> None:
    """Create a policy group.

    A preventative group takes stacks only. A stack or account is a member if one name, glob or tag rule fits.
    """
    from packreg.groups import editing
    from packreg.groups.model import Group as PolicyGroup
    from packreg.pack.version import pack_name

    made = PolicyGroup(
        pack_name(name),
        "audit" if mode == "audit" else "preventative",
        frozenset("account" if kind == "accounts" else "stack" for kind in entity_types or ["stacks"]),
        tuple(sorted(set(add_stack))),
        tuple(sorted(set(add_account))),
        tuple(sorted(set(add_tag))),
    )
    edited = edit_governance(
        session, lambda governance: editing.new_group(governance, made), f"create the group {made.name}"
    )
    show_edit(session, edited)


@command(
    "edit",
    group=group_command,
    examples=(
        "packreg group edit prod --add-stack acme/web/prod --remove-stack '*/prod'",
        "packreg group edit prod --name production",
        "packreg group edit prod --add-policy-pack guard@1.2.0",
    ),
)
@click.argument("name", metavar="GROUP")
@click.option("--name", "new_name", metavar="NEW", help="Rename it.")
@_add[0]
@_add[1]
@_add[2]
@click.option(
    "--add-policy-pack",
    metavar="REF",
    type=REFERENCE,
    multiple=True,
    help="As `enable` without a configuration.",
)
@_remove[0]
@_remove[1]
@_remove[2]
@click.option("--remove-policy-pack", metavar="NAME", multiple=True, help="As `disable`.")
@click.pass_obj
def edit_command(
    session: Session,
    name: str,
    new_name: str | None,
    add_stack: tuple[str, ...],
    add_account: tuple[str, ...],
    add_tag: tuple[str, ...],
    add_policy_pack: tuple[Reference, ...],
    remove_stack: tuple[str, ...],
    remove_account: tuple[str, ...],
    remove_tag: tuple[str, ...],
    remove_policy_pack: tuple[str, ...],
) -> None:
    """Change a policy group: its members, its packs, its name.

    Everything that one command says is one revision, or none of it. The default groups have everyone as
    members, and keep their names.
    """
    from packreg.groups import editing

    add = editing.Listed(add_stack, add_account, add_tag)
    remove = editing.Listed(remove_stack, remove_account, remove_tag)
    if not any(
        [new_name, *add_stack, *add_account, *add_tag, *add_policy_pack, *remove_policy_pack]
    ) and not (remove_stack or remove_account or remove_tag):
        raise UsageError("nothing to change was given", hint="see `packreg group edit --help`")
    base = read_governance(session)
    packs = editing.found_group(base, name).packs
    entries = [with_version(packs.get(reference.name), reference) for reference in add_policy_pack]
    warnings = check_entries(session, [(entry, f"the group {name}") for entry in entries])

    def edit(governance: Governance) -> Governance:
        governance = editing.disable(governance, name, *remove_policy_pack)
        governance = editing.enable(governance, name, *entries)
        governance = editing.edit_members(governance, name, add, remove)
        return editing.rename_group(governance, name, new_name) if new_name else governance

    show_edit(session, edit_governance(session, edit, f"edit the group {name}", base), warnings)


@command("rm", group=group_command, examples=("packreg group rm prod --yes",))
@click.argument("name", metavar="GROUP")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.pass_obj
def rm_command(session: Session, name: str, yes: bool) -> None:
    """Delete a policy group: what it required is required no more.

    What it was stays in its history. The default groups cannot be deleted.
    """
    from packreg.groups.editing import remove_group

    base = read_governance(session)
    remove_group(base, name)
    session.confirmed(f"deleting the policy group {name}", yes)
    edited = edit_governance(
        session, lambda governance: remove_group(governance, name), f"delete the group {name}", base
    )
    show_edit(session, edited)


@command("ls", group=group_command, examples=("packreg group ls", "packreg group ls --json"))
@click.pass_obj
def ls_command(session: Session) -> None:
    """List the policy groups with their packs."""
    governance = read_governance(session)
    groups = [group for _, group in sorted(governance.groups.items())]
    if session.out.json:
        session.out.document({"revision": governance.revision, "groups": [group_document(g) for g in groups]})
        return
    session.out.table(
        ["group", "mode", "takes", "members", "packs"],
        [[g.name, g.mode, _takes(g), _members(g), _packs(g)] for g in groups],
    )


def _show(session: Session, name: str, at: int | None) -> None:
    from packreg.groups.editing import found_group

    if at is None:
        governance = read_governance(session)
    else:
        chain = session.registry().governance
        governance = read_revision(chain, chain.at(at) if at else None).governance
    group = found_group(governance, name)
    if session.out.json:
        session.out.document({"revision": governance.revision, **group_document(group)})
        return
    out = session.out
    out.line(f"{group.name}: {group.mode}, takes {_takes(group)}")
    if group.is_default:
        out.line("members: everyone")
    for what, members in (("stack", group.stacks), ("account", group.accounts), ("tag", group.tags)):
        for member in members:
            out.line(f"{what}: {member}")
    for entry in group.packs.values():
        out.line(f"pack: {entry.pack}@{entry.version}, modified {entry.modified}")
        for environment in entry.environments:
            out.line(f"  environment: {environment}")
        for policy, setting in entry.config.items():
            out.line(f"  {policy}: {_setting(setting)}")
    out.say(f"revision {governance.revision}")


_at = click.option("--at", metavar="REVISION", type=click.IntRange(0), help="As it was at this revision.")


@command("get", group=group_command, examples=("packreg group get prod", "packreg group get prod --json"))
@click.argument("name", metavar="GROUP")
@_at
@click.pass_obj
def get_command(session: Session, name: str, at: int | None) -> None:
    """Show a policy group: its members, its packs and their configuration."""
    _show(session, name, at)


@command("show", group=group_command, examples=("packreg group show prod --at 12",))
@click.argument("name", metavar="GROUP")
@_at
@click.pass_obj
def show_command(session: Session, name: str, at: int | None) -> None:
    """The same as `group get`."""
    _show(session, name, at)


@command(
    "history", group=group_command, examples=("packreg group history", "packreg group history prod --json")
)
@click.argument("name", metavar="[GROUP]", required=False)
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="How many changes at most, the newest first.",
)
@click.pass_obj
def history_command(session: Session, name: str | None, limit: int) -> None:
    """Show who changed what and when: all of governance, or one group.

    Each revision is one request, and is proved to be the one that the next was made from.
    """
    from itertools import chain as joined
    from itertools import pairwise

    from packreg.groups.differences import differences

    chain = session.registry().governance
    documents = (read_revision(chain, revision) for revision in joined(chain.history(), [None]))
    found: list[dict[str, object]] = []
    for document, before in pairwise(documents):
        changes = differences(before.governance, document.governance)
        if name is not None:
            changes = [change for change in changes if change.thing == f"group {name}"]
        if document.change is None or (name is not None and not changes):
            continue
        change, number = document.change, document.governance.revision
        found.append(
            {
                "revision": number,
                "by": change.by,
                "at": change.at,
                "what": change.what,
                "changes": [each._asdict() for each in changes],
            }
        )
        if not session.out.json:
            session.out.line(f"revision {number}, {change.at}, {change.by}: {change.what}")
            for each in changes:
                session.out.line(f"  {each}")
        if len(found) == limit:
            break
    if session.out.json:
        session.out.document(found)
    elif not found:
        session.out.say(f"{name or 'nothing'} was never changed")


@command("promote", group=group_command, examples=("packreg group promote trial --to prod",))
@click.argument("name", metavar="GROUP")
@click.option("--to", "target", metavar="GROUP", required=True, help="A preventative group.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.pass_obj
def promote_command(session: Session, name: str, target: str, yes: bool) -> None:
    """Let a preventative group require what an audit group has tested.

    Every pack of GROUP, with its version, configuration and environments, replaces that pack in the other
    group; its other packs and its members stay. GROUP goes on reporting.
    """
    from packreg.groups.differences import differences
    from packreg.groups.editing import promote

    base = read_governance(session)
    planned = promote(base, name, target)
    entries = [
        entry for entry in planned.groups[target].packs.values() if entry.pack in base.groups[name].packs
    ]
    warnings = check_entries(session, [(entry, f"the group {name}") for entry in entries])
    changes = differences(base, planned)
    if changes:
        show_plan(session, changes)
        session.confirmed(f"promoting {name} to {target}", yes)
    edited = edit_governance(
        session, lambda governance: promote(governance, name, target), f"promote {name} to {target}", base
    )
    show_edit(session, edited, warnings, planned=True)


group_command.add_command(apply_command)
group_command.add_command(export_command)
group_command.add_command(settings_command)


def group_document(group: PolicyGroup) -> dict[str, object]:
    """A group for `--json`, always with the same members."""
    return {
        "name": group.name,
        "mode": group.mode,
        "entity_types": [f"{kind}s" for kind in ("stack", "account") if kind in group.kinds],
        "default": group.is_default,
        "stacks": list(group.stacks),
        "accounts": list(group.accounts),
        "tags": list(group.tags),
        "packs": [
            {
                "name": entry.pack,
                "version": entry.version,
                "modified": entry.modified,
                "config": dict(entry.config),
                "environments": list(entry.environments),
            }
            for _, entry in sorted(group.packs.items())
        ],
    }


def _takes(group: PolicyGroup) -> str:
    return " and ".join(f"{kind}s" for kind in ("stack", "account") if kind in group.kinds)


def _members(group: PolicyGroup) -> str:
    return "everyone" if group.is_default else _few([*group.stacks, *group.accounts, *group.tags])


def _packs(group: PolicyGroup) -> str:
    return _few([f"{entry.pack}@{entry.version}" for _, entry in sorted(group.packs.items())])


def _few(words: Iterable[str]) -> str:
    listed = list(words)
    return ", ".join(listed[:4]) + (f" and {len(listed) - 4} more" if len(listed) > 4 else "")


def _setting(setting: object) -> str:
    import json

    return setting if isinstance(setting, str) else json.dumps(setting, ensure_ascii=False, sort_keys=True)
