"""The rules for groups, entries, waivers and settings, both when they are read and when they are written.

Each function returns why a value is not valid (the first reason), or an empty string.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict
from functools import lru_cache

from packreg.configuration.file import config_problem
from packreg.errors import UsageError
from packreg.groups.members import account_problem, stack_problem, tag_problem
from packreg.groups.model import DEFAULT_AUDIT, Group, PackEntry, Rules, Waiver
from packreg.groups.times import is_precise, is_second
from packreg.pack.reference import read_wanted
from packreg.pack.version import name_problem

MAX_PACKS = 500  # in a group
MAX_MEMBERS = 10_000  # of a group, of each kind
MAX_ENVIRONMENTS = 50  # of an entry
MAX_UNWAIVABLE = 1_000
MAX_NAME = 1_000  # characters of a policy's name, or of a reference to an environment
MAX_TEXT = 4_000  # characters of a reason, an owner, a resource, a description

_WAIVER_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,99}", re.ASCII)


def group_problem(group: Group) -> str:
    """Why this is no valid group, or ""."""
    if problem := name_problem(group.name, "group's name"):
        return problem
    if not group.kinds:
        return "it takes neither stacks nor accounts"
    if group.mode == "preventative" and group.kinds != {"stack"}:
        return "a preventative group takes stacks only; accounts are for audit groups"
    if group.is_default:
        both = frozenset({"stack", "account"}) if group.name == DEFAULT_AUDIT else frozenset({"stack"})
        if (group.mode == "audit") != (group.name == DEFAULT_AUDIT) or group.kinds != both:
            return "a default group keeps its mode and its kinds of members"
        if group.stacks or group.accounts or group.tags:
            return "everyone is a member of a default group: its members cannot be edited"
    if group.stacks and "stack" not in group.kinds:
        return "it lists stacks, and takes accounts only"
    if group.accounts and "account" not in group.kinds:
        return "it lists accounts, and takes stacks only"
    for what, members, check in (
        ("stack", group.stacks, stack_problem),
        ("account", group.accounts, account_problem),
        ("tag rule", group.tags, tag_problem),
    ):
        if len(members) > MAX_MEMBERS:
            return f"it has {len(members)} {what}s; {MAX_MEMBERS} are allowed"
        if problem := next((f"the {what} {m[:100]!r}: {p}" for m in members if (p := check(m))), ""):
            return problem
    for what, text in asdict(group.about).items():
        if text and (problem := _texts_problem([text], what, MAX_TEXT)):
            return problem
    if len(group.packs) > MAX_PACKS:
        return f"it has {len(group.packs)} packs; {MAX_PACKS} are allowed"
    return next((f"{n[:100]}: {p}" for n, entry in group.packs.items() if (p := entry_problem(entry, n))), "")


def entry_problem(entry: PackEntry, name: str) -> str:
    """Why this is no valid entry for the pack `name`, or ""."""
    if entry.pack != name:
        return f"it is the entry of {entry.pack[:100]!r}"
    if problem := name_problem(name) or version_problem(entry.version):
        return problem
    if not is_precise(entry.modified):
        return f"{entry.modified[:40]!r} is not a time in UTC with microseconds"
    if "environments" in entry.config:
        return "environments belong beside its configuration, not in it"
    if problem := config_problem(entry.config):
        return f"its configuration: {problem}"
    if len(entry.environments) > MAX_ENVIRONMENTS:
        return f"it has {len(entry.environments)} environments; {MAX_ENVIRONMENTS} are allowed"
    return _texts_problem(entry.environments, "environment", MAX_NAME)


@lru_cache(maxsize=4096)  # thousands of entries have few versions among them
def version_problem(version: str) -> str:
    """Why this cannot be the version of an entry: an exact one, a range, or `latest`."""
    if version == "latest":
        return ""
    try:
        wanted = read_wanted(version)
    except UsageError as error:
        return f"{error}; write 1.2.0, ^1.2 or latest"
    return (
        "a group names versions, not digests; write 1.2.0, ^1.2 or latest" if isinstance(wanted, str) else ""
    )


def waiver_problem(waiver: Waiver) -> str:
    """Why this is no valid waiver, or ""."""
    if not _WAIVER_ID.fullmatch(waiver.id):
        return "its id has characters other than a-z, 0-9 and -"
    if problem := name_problem(waiver.pack):
        return problem
    if problem := stack_problem(waiver.entity) and account_problem(waiver.entity):
        return f"the entity {waiver.entity[:100]!r}: {problem}"
    if not is_second(waiver.expires) or not is_second(waiver.created):
        return "it needs the times when it was made and when it expires, in UTC and whole seconds"
    return (
        _texts_problem([waiver.policy], "policy", MAX_NAME)
        or _texts_problem([waiver.owner], "owner", MAX_TEXT)
        or _texts_problem([waiver.reason], "reason", MAX_TEXT)
        or (_texts_problem([waiver.resource], "resource", MAX_TEXT) if waiver.resource else "")
    )


def rules_problem(rules: Rules) -> str:
    """Why these are no valid settings, or ""."""
    if len(rules.unwaivable) > MAX_UNWAIVABLE:
        return f"{len(rules.unwaivable)} policies are unwaivable; {MAX_UNWAIVABLE} are allowed"
    for glob in rules.unwaivable:
        pack, colon, policy = glob.partition(":")
        if not (pack and colon and policy):
            return f"{glob[:100]!r} is not pack:policy, where both may have globs"
    return _texts_problem(rules.unwaivable, "unwaivable policy", MAX_NAME)


def _texts_problem(texts: Iterable[str], what: str, most: int) -> str:
    for text in texts:
        if not text.strip() or len(text) > most:
            return f"the {what} has {len(text.strip())} characters; 1 to {most} are allowed"
        if not text.isprintable() or text != text.strip():
            return f"the {what} {text[:60]!r} has a character that cannot be seen, or space around it"
    return ""
