"""Governance as code: a YAML file says what groups there are, and more (`file_sections`). Pure.

    groups:
      prod:
        mode: preventative
        owner: platform team
        stacks: ["*/prod"]
        packs:
          guard: ^1.2
          tags:
            version: latest
            config: {require-owner: {enforcementLevel: mandatory, names: [owner]}}
            environments: [prod]

`policy-groups.schema.json`, beside this module, describes it for editors. What a file does not name stays:
other groups, other packs of a group, other members. What it names of a pack is whole: an entry without
`config` has none. A file that was exported means exactly what it was exported from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

from packreg.configuration.file import as_config, as_layer
from packreg.environments.scalars import scalar_value
from packreg.errors import InvalidConfiguration, UsageError
from packreg.groups.checks import entry_problem, version_problem
from packreg.groups.editing import with_group
from packreg.groups.file_sections import (
    SectionReader,
    WrittenEnvironment,
    WrittenRules,
    WrittenWaiver,
    with_rules,
    with_waivers,
)
from packreg.groups.file_shapes import is_nothing
from packreg.groups.members import account_problem, stack_problem, tag_problem
from packreg.groups.model import ABOUT, DEFAULT_GROUPS, About, EntityKind, Governance, Group, Mode, PackEntry
from packreg.groups.times import NEVER
from packreg.pack import strict_yaml as yaml
from packreg.pack.problems import Problems
from packreg.pack.reference import Reference
from packreg.pack.text import short
from packreg.pack.version import name_problem
from packreg.registry.environment_reference import EnvironmentReference

MAX_FILE = 4 * 2**20  # bytes
MAX_NODES = 300_000

_CHECKS = {"stacks": stack_problem, "accounts": account_problem, "tags": tag_problem}
_SECTIONS = ("groups", "waivers", "settings", "environments")
_KEYS = ("mode", *ABOUT, "entity-types", *_CHECKS, "packs")
_KINDS: Mapping[str, EntityKind] = {"stacks": "stack", "accounts": "account"}


@dataclass(frozen=True, slots=True)
class GroupFile:
    """What a file says, `where` each thing stands, and what should be known about it.

    `sections` are the kinds of things that it speaks of; others are never pruned.
    A group's `mode` or kinds that it does not give are those of the group that is there, else the defaults.
    """

    groups: Mapping[str, Written]
    warnings: tuple[str, ...] = ()
    sections: frozenset[str] = frozenset({"groups"})
    waivers: Mapping[str, WrittenWaiver] = field(default_factory=dict)
    rules: WrittenRules = field(default_factory=WrittenRules)
    environments: Mapping[str, WrittenEnvironment] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """A group as it stands in a file. `mode` is None and `kinds` empty where it does not say them.

    `about` has its owner, contact and description, those that it says; "" takes one away.
    """

    where: str
    mode: Mode | None = None
    kinds: frozenset[EntityKind] = frozenset()
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    packs: Mapping[str, PackEntry] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)


Placed = TypeVar("Placed", Written, WrittenWaiver, WrittenEnvironment)


def read_groups(data: bytes, where: str) -> GroupFile:
    """Read a file of groups.

    Raises:
        UsageError: with everything that is wrong and where.
    """
    problems = Problems()
    root = yaml.read_yaml(data, where, problems, limit=MAX_FILE, nodes=MAX_NODES)
    reader = _GroupFileReader(where, problems)
    file = reader.root(root) if root is not None else GroupFile({})
    if problems.errors:
        lines = "\n".join(f"  {problem}" for problem in problems.errors[:50])
        raise UsageError(
            f"{where} is not a file of policy groups:\n{lines}",
            hint=problems.errors[0].hint
            or "`packreg group apply --schema` prints the JSON schema of these files",
        )
    return replace(file, warnings=tuple(str(problem) for problem in problems.warnings))


def applied(
    governance: Governance, files: Sequence[GroupFile], *, prune: bool = False, now: str = ""
) -> Governance:
    """Governance as the files have it. With `prune` what they do not name goes: groups, packs, members; and
    waivers and settings, if a file has some. Waivers that are new are made `now`.

    Raises:
        UsageError: two files have the same group or waiver, or something cannot be as a file says it.
    """
    speak = frozenset[str]().union(*(file.sections for file in files))
    if "groups" in speak:
        governance = _with_groups(governance, _by_name("group", [file.groups for file in files]), prune)
    for number, rules in enumerate(file.rules for file in files if "settings" in file.sections):
        governance = with_rules(governance, rules, prune=prune and not number)
    if "waivers" in speak:
        waivers = _by_name("waiver", [file.waivers for file in files])
        governance = with_waivers(governance, waivers, now=now, prune=prune)
    return governance


def environments_of_files(files: Sequence[GroupFile]) -> dict[str, WrittenEnvironment]:
    """The environments of all files. Raises UsageError: two files have the same one."""
    return _by_name("environment", [file.environments for file in files])


def _by_name(what: str, files: Iterable[Mapping[str, Placed]]) -> dict[str, Placed]:
    named: dict[str, Placed] = {}
    for name, written in (pair for file in files for pair in file.items()):
        if name in named:
            raise UsageError(f"the {what} {name} is in {named[name].where} and in {written.where}")
        named[name] = written
    return named


def _with_groups(governance: Governance, named: Mapping[str, Written], prune: bool) -> Governance:
    for name, written in named.items():
        try:
            governance = with_group(governance, _group(governance.groups.get(name), name, written, prune))
        except UsageError as error:
            raise UsageError(f"{written.where}: {error}", hint=error.hint) from None
    if not prune:
        return governance
    kept = {n: group for n, group in governance.groups.items() if n in named or n in DEFAULT_GROUPS}
    emptied = {
        n: replace(group, packs={}) if n in DEFAULT_GROUPS and n not in named else group
        for n, group in kept.items()
    }
    return replace(governance, groups=emptied)


def _group(there: Group | None, name: str, written: Written, prune: bool) -> Group:
    mode = written.mode or (there.mode if there else None)
    if mode is None:
        raise UsageError(f"the group {name} is new, so it needs a mode", hint="mode: preventative")
    before = there if there is not None and not prune else None
    members = {
        what: tuple(sorted({*(getattr(before, what) if before else ()), *written.members.get(what, ())}))
        for what in _CHECKS
    }
    packs = {**(before.packs if before else {}), **written.packs}
    kinds = written.kinds or (there.kinds if there else frozenset({"stack"}))
    about = replace(before.about if before else About(), **written.about)
    return Group(name, mode, kinds, packs=packs, about=about, **members)


class _GroupFileReader(SectionReader):
    """Reads the tree of one file."""

    def root(self, node: yaml.Node) -> GroupFile:
        found = self.members(node, "the file", _SECTIONS)
        if isinstance(node, yaml.Mapping) or is_nothing(node):
            for key, value in self.entries(node, "the file"):
                if key.text in _SECTIONS and is_nothing(value):
                    self.wrong(key, f"it has no {key.text}", f"write {key.text}: {{}} for none")
            if not found:
                self.wrong(node, "it has no groups", "write groups: {} for none")
        entries = self.entries(found["groups"], "groups") if "groups" in found else ()
        return GroupFile(
            {key.text: self.group(key, value) for key, value in entries},
            (),
            frozenset(found),
            self.waivers(found["waivers"]) if "waivers" in found else {},
            self.rules(found["settings"]) if "settings" in found else WrittenRules(),
            self.environments(found["environments"]) if "environments" in found else {},
        )

    def group(self, key: yaml.Scalar, node: yaml.Node) -> Written:
        if problem := name_problem(key.text, "group's name"):
            self.wrong(key, problem)
        found = self.members(node, f"the group {short(key.text)}", _KEYS)
        mode = self.word(found["mode"], ("preventative", "audit")) if "mode" in found else None
        kinds = [self.word(item, tuple(_KINDS)) for item in self.items(found, "entity-types")]
        packs = self.entries(found["packs"], "packs") if "packs" in found else ()
        return Written(
            f"{self.where}:{key.place}",
            cast("Mode | None", mode),
            frozenset(_KINDS[kind] for kind in kinds if kind),
            {what: self.listed(found, what) for what in _CHECKS},
            {name.text: self.pack(name, value) for name, value in packs},
            {what: self.text(found[what], what).strip() for what in ABOUT if what in found},
        )

    def listed(self, found: Mapping[str, yaml.Node], what: str) -> tuple[str, ...]:
        """The members of one kind, each checked where it stands."""
        texts = []
        for item in self.items(found, what):
            text = self.text(item, what)
            if problem := _CHECKS[what](text):
                self.wrong(item, f"{short(text)}: {problem}")
            texts.append(text)
        return tuple(texts)

    def pack(self, key: yaml.Scalar, node: yaml.Node) -> PackEntry:
        entry = PackEntry(key.text, "latest", NEVER)
        if isinstance(node, yaml.Scalar):
            entry = replace(entry, version=self.version(node))
        else:
            found = self.members(node, f"the pack {short(key.text)}", ("version", "config", "environments"))
            if "version" in found:
                entry = replace(entry, version=self.version(found["version"]))
            else:
                self.wrong(key, f"{short(key.text)} has no version", "write version: latest")
            names = [self.environment(item) for item in self.items(found, "environments")]
            entry = replace(entry, environments=tuple(dict.fromkeys(names)))
            if "config" in found:
                entry = replace(entry, config=self.config(found["config"]))
        if problem := entry_problem(entry, key.text):
            self.wrong(key, problem)
        return entry

    def version(self, node: yaml.Node) -> str:
        """A version, as it stands there, quoted or not."""
        text = self.text(node, "version", quoted=False)
        if problem := version_problem(text):
            self.wrong(node, problem)
            return "latest"
        wanted = Reference.parse(f"pack@{text}").wanted
        return "latest" if wanted is None else str(wanted)

    def environment(self, node: yaml.Node) -> str:
        text = self.text(node, "environments")
        try:
            return str(EnvironmentReference.parse(text))
        except UsageError as error:
            self.wrong(node, str(error), error.hint)
            return "x"

    def config(self, node: yaml.Node) -> dict[str, object]:
        try:
            layer = as_layer(self.value(node), f"{self.where}:{node.place}")
        except InvalidConfiguration as error:
            self.problems.errors.extend(error.problems)
            return {}
        if layer.environments:
            self.wrong(node, "environments belong beside config, not in it")
        self.problems.warnings.extend(layer.warnings)
        return as_config(layer)

    def value(self, node: yaml.Node) -> Any:
        """The JSON value of a tree, read as the Pulumi CLI reads YAML."""
        if isinstance(node, yaml.Mapping):
            return {key.text: self.value(value) for key, value in node.entries}
        if isinstance(node, yaml.Sequence):
            return [self.value(item) for item in node.items]
        if node.is_string:
            return node.text
        try:
            return scalar_value(node).data
        except ValueError as error:
            self.wrong(node, str(error))
            return None
