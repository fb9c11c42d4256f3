"""`group ls`, `group get` and `group history`: what policy groups are and were, and who changed them."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING

import click

from packreg.cli.base import command
from packreg.services.governance import past_changes
from packreg.services.groups import group_json, read_groups

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packreg.cli.context import CommandContext
    from packreg.groups.model import Group as PolicyGroup


@command("ls", examples=("packreg group ls", "packreg group ls --json"))
@click.pass_obj
def ls_command(context: CommandContext) -> None:
    """List the policy groups with their packs."""
    found = read_groups(context)
    if context.out.json:
        context.out.document(found.as_json())
        return
    context.out.table(
        ["group", "mode", "takes", "members", "packs", "owner"],
        [[g.name, g.mode, _takes(g), _members(g), _packs(g), g.about.owner] for g in found.groups],
    )


def _show(context: CommandContext, name: str, at: int | None) -> None:
    revision, [group] = read_groups(context, [name], at=at)
    if context.out.json:
        context.out.document({"revision": revision, **group_json(group)})
        return
    out = context.out
    out.line(f"{group.name}: {group.mode}, takes {_takes(group)}")
    for what, text in asdict(group.about).items():
        if text:
            out.line(f"{what}: {text}")
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
    out.say(f"revision {revision}")


_at = click.option("--at", metavar="REVISION", type=click.IntRange(0), help="As it was at this revision.")


@command("get", examples=("packreg group get prod", "packreg group get prod --json"))
@click.argument("name", metavar="GROUP")
@_at
@click.pass_obj
def get_command(context: CommandContext, name: str, at: int | None) -> None:
    """Show a policy group: its members, its packs and their configuration."""
    _show(context, name, at)


@command("show", examples=("packreg group show prod --at 12",))
@click.argument("name", metavar="GROUP")
@_at
@click.pass_obj
def show_command(context: CommandContext, name: str, at: int | None) -> None:
    """The same as `group get`."""
    _show(context, name, at)


@command("history", examples=("packreg group history", "packreg group history prod --json"))
@click.argument("name", metavar="[GROUP]", required=False)
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="How many changes at most, the newest first.",
)
@click.pass_obj
def history_command(context: CommandContext, name: str | None, limit: int) -> None:
    """Show who changed what and when: all of governance, or one group.

    Each revision takes one request, and is checked against the digest that the next one names.
    """
    found = []
    for change in islice(past_changes(context, name), limit):
        found.append(change)
        if not context.out.json:
            made = change.change
            context.out.line(f"revision {change.revision}, {made.at}, {made.by}: {made.what}")
            for each in change.changes:
                context.out.line(f"  {each}")
    if name is not None and not found:
        read_groups(context, [name])  # raises where there is no such group, and never was
    if context.out.json:
        context.out.document([change.as_json() for change in found])
    elif not found:
        context.out.say(f"{name or 'nothing'} was never changed")


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
    return setting if isinstance(setting, str) else json.dumps(setting, ensure_ascii=False, sort_keys=True)
