"""Policy groups as code: a YAML file says what groups there are. Pure.

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

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from packreg.configuration.file import as_config, as_layer
from packreg.environments.scalars import scalar_value
from packreg.errors import InvalidConfiguration, UsageError
from packreg.groups.checks import entry_problem, version_problem
from packreg.groups.editing import with_group
from packreg.groups.members import account_problem, stack_problem, tag_problem
from packreg.groups.model import ABOUT, DEFAULT_GROUPS, About, EntityKind, Governance, Group, Mode, PackEntry
from packreg.groups.times import NEVER
from packreg.pack import strict_yaml as yaml
from packreg.pack.problems import Problems
from packreg.pack.reference import Reference
from packreg.pack.text import short
from packreg.pack.version import name_problem
from packreg.registry.environment_reference import EnvironmentReference
from packreg.text import nearest

MAX_FILE = 4 * 2**20  # bytes
MAX_NODES = 300_000

_CHECKS = {"stacks": stack_problem, "accounts": account_problem, "tags": tag_problem}
_KEYS = ("mode", *ABOUT, "entity-types", *_CHECKS, "packs")
_KINDS: Mapping[str, EntityKind] = {"stacks": "stack", "accounts": "account"}


@dataclass(frozen=True, slots=True)
class GroupFile:
    """What a file says: groups by name, `where` each stands, and what should be known about it.

    A group's `mode` or kinds that it does not give are those of the group that is there, else the defaults.
    """

    groups: Mapping[str, Written]
    warnings: tuple[str, ...] = ()


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


def read_groups(data: bytes, where: str) -> GroupFile:
    """Read a file of groups.

    Raises:
        UsageError: with everything that is wrong and where.
    """
    problems = Problems()
    root = yaml.read_yaml(data, where, problems, limit=MAX_FILE, nodes=MAX_NODES)
    reader = _GroupFileReader(where, problems)
    groups = reader.root(root) if root is not None else {}
    if problems.errors:
        lines = "\n".join(f"  {problem}" for problem in problems.errors[:50])
        raise UsageError(
            f"{where} is not a file of policy groups:\n{lines}",
            hint=problems.errors[0].hint
            or "`packreg group apply --schema` prints the JSON schema of these files",
        )
    return GroupFile(groups, tuple(str(problem) for problem in problems.warnings))


def applied(governance: Governance, files: Iterable[GroupFile], *, prune: bool = False) -> Governance:
    """Governance as the files have it. With `prune` what they do not name goes: groups, packs, members.

    Raises:
        UsageError: two files have the same group, or a group cannot be one.
    """
    named: dict[str, Written] = {}
    for file in files:
        for name, written in file.groups.items():
            if name in named:
                raise UsageError(f"the group {name} is in {named[name].where} and in {written.where}")
            named[name] = written
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


class _GroupFileReader:
    """Reads the tree of one file, collecting everything that is wrong with it."""

    def __init__(self, where: str, problems: Problems) -> None:
        self.where, self.problems = where, problems

    def root(self, node: yaml.Node) -> dict[str, Written]:
        found = self.members(node, "the file", ("groups",))
        if "groups" not in found and (isinstance(node, yaml.Mapping) or _is_nothing(node)):
            self.wrong(node, "it has no groups", "write groups: {} for none")
        entries = self.entries(found["groups"], "groups") if "groups" in found else ()
        return {key.text: self.group(key, value) for key, value in entries}

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

    # -- shapes ------------------------------------------------------------------------------------------

    def members(self, node: yaml.Node, what: str, known: tuple[str, ...]) -> dict[str, yaml.Node]:
        """The members of a mapping; one that is not known is wrong."""
        for key, _ in self.entries(node, what):
            if key.text not in known:
                close = nearest(key.text, known)
                hint = f"did you mean {close}?" if close else f"write one of {', '.join(known)}"
                self.wrong(key, f"{what} has no key {short(key.text)}", hint)
        return {key.text: value for key, value in self.entries(node, what) if not _is_nothing(value)}

    def entries(self, node: yaml.Node, what: str) -> tuple[tuple[yaml.Scalar, yaml.Node], ...]:
        if isinstance(node, yaml.Mapping):
            return node.entries
        if not _is_nothing(node):
            self.wrong(node, f"{what} must be a mapping")
        return ()

    def items(self, found: Mapping[str, yaml.Node], what: str) -> tuple[yaml.Node, ...]:
        node = found.get(what)
        if isinstance(node, yaml.Sequence):
            return node.items
        if node is not None:
            self.wrong(node, f"{what} must be a list", f"write {what}: [one, other]")
        return ()

    def word(self, node: yaml.Node, words: tuple[str, ...]) -> str | None:
        text = self.text(node, "it")
        if text in words:
            return text
        self.wrong(node, f"{short(text)} is neither {' nor '.join(words)}")
        return None

    def text(self, node: yaml.Node, what: str, *, quoted: bool = True) -> str:
        if isinstance(node, yaml.Scalar) and (node.is_string or (not quoted and not node.is_null)):
            return node.text
        self.wrong(node, f"{what} must be text", "put it in quotes" if isinstance(node, yaml.Scalar) else "")
        return "?"

    def wrong(self, node: yaml.Node, message: str, hint: str = "") -> None:
        self.problems.error("group-file", message, f"{self.where}:{node.place}", hint)


def _is_nothing(node: yaml.Node) -> bool:
    return isinstance(node, yaml.Scalar) and node.is_null
