"""The parts of a file of governance beside its groups: waivers, settings, environments. Pure.

    waivers:
      w-public-site:
        policy: guard:private
        stack: web/prod
        resource: "*::site"
        owner: web team
        reason: a public website
        expires: 2026-12-31
    settings:
      strict-conflicts: true
      unwaivable: ["guard:no-*"]
    environments:
      prod: |
        values: {regions: [eu-west-1]}

An environment is its definition as a text, with secrets as ciphertexts only: a file is kept where many can
read it. A waiver that changes begins anew, and lasts no longer than any other from then on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from packreg.environments.document import read_document, secrets_of
from packreg.errors import InvalidConfiguration, UsageError
from packreg.groups.editing import set_rules, waive
from packreg.groups.file_shapes import FileShapes
from packreg.groups.model import Governance, Rules, Waiver
from packreg.groups.times import is_second
from packreg.groups.waiving import expiry
from packreg.pack import strict_yaml as yaml
from packreg.pack.text import short
from packreg.pack.version import name_problem
from packreg.registry.environment_reference import is_name

_WAIVER_KEYS = ("policy", "stack", "account", "resource", "owner", "reason", "expires")
_WHOLE_DAY = "T23:59:59Z"


@dataclass(frozen=True, slots=True)
class WrittenWaiver:
    """A waiver as it stands in a file, which does not say when it was `created`."""

    where: str
    waiver: Waiver


@dataclass(frozen=True, slots=True)
class WrittenRules:
    """The settings as they stand in a file; `strict` is None where it does not say it."""

    strict: bool | None = None
    unwaivable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WrittenEnvironment:
    """The definition of an environment as it stands in a file."""

    where: str
    text: bytes


class SectionReader(FileShapes):
    """Reads these parts of one file."""

    def waivers(self, node: yaml.Node) -> dict[str, WrittenWaiver]:
        """Waivers by their ids."""
        return {key.text: self.waiver(key, value) for key, value in self.entries(node, "waivers")}

    def waiver(self, key: yaml.Scalar, node: yaml.Node) -> WrittenWaiver:
        """One waiver, with an end in whole seconds; what is not there is "", which `waive` refuses."""
        found = self.members(node, f"the waiver {short(key.text)}", _WAIVER_KEYS)
        texts = {what: self.text(found[what], what, quoted=what != "expires") for what in found}
        for what in ("policy", "owner", "reason", "expires"):
            if what not in found:
                self.wrong(key, f"the waiver {short(key.text)} has no {what}", f"write {what}: …")
        if "stack" in found and "account" in found:
            self.wrong(key, "a waiver is for a stack or an account, not for both")
        if not {"stack", "account", "resource"} & found.keys():
            self.wrong(key, "a waiver is for a stack, an account or a resource", "write stack: project/stack")
        pack, colon, policy = texts.get("policy", "?:?").partition(":")
        if not colon or not policy or name_problem(pack):
            self.wrong(found["policy"], f"{short(texts['policy'])} is not PACK:POLICY")
        expires = texts.get("expires", "")
        if is_second(f"{expires}{_WHOLE_DAY}"):
            expires += _WHOLE_DAY
        if "expires" in found and not is_second(expires):
            self.wrong(found["expires"], f"{short(expires)} is no day", "write expires: 2026-12-31")
        entity = texts.get("stack") or texts.get("account") or "*/*"
        about = (texts.get("owner", ""), texts.get("reason", ""), expires, "", texts.get("resource", ""))
        return WrittenWaiver(f"{self.where}:{key.place}", Waiver(key.text, pack, policy, entity, *about))

    def rules(self, node: yaml.Node) -> WrittenRules:
        """The settings."""
        found = self.members(node, "settings", ("strict-conflicts", "unwaivable"))
        strict = None
        if "strict-conflicts" in found:
            value = found["strict-conflicts"]
            strict = isinstance(value, yaml.Scalar) and not value.style and value.text == "true"
            if not strict and not (
                isinstance(value, yaml.Scalar) and value.text == "false" and not value.style
            ):
                self.wrong(value, "strict-conflicts is neither true nor false")
        globs = [self.text(item, "unwaivable") for item in self.items(found, "unwaivable")]
        return WrittenRules(strict, tuple(globs))

    def environments(self, node: yaml.Node) -> dict[str, WrittenEnvironment]:
        """Environments by name, each a definition without a secret in plain text."""
        found = {}
        for key, value in self.entries(node, "environments"):
            if not is_name(key.text):
                self.wrong(key, f"{short(key.text)} is not the name of an environment")
            text = self.text(value, f"the environment {short(key.text)}")
            where = f"{self.where}:{key.place}"
            found[key.text] = WrittenEnvironment(where, text.encode("utf-8", "surrogatepass"))
            self.definition(key, value, found[key.text])
        return found

    def definition(self, key: yaml.Scalar, node: yaml.Node, written: WrittenEnvironment) -> None:
        """Check that a definition can be read, and holds no secret in plain text."""
        try:
            document = read_document(written.text, key.text)
        except InvalidConfiguration as error:
            self.wrong(node, str(error), error.hint)
            return
        if not all(secret.encrypted for secret in secrets_of(document)):
            self.wrong(
                node,
                f"the environment {key.text} has a secret in plain text",
                f"encrypt it: `packreg env set {key.text} PATH - --secret`, then export it",
            )


def with_rules(governance: Governance, written: WrittenRules, *, prune: bool) -> Governance:
    """Governance with these settings; with `prune` without others. Raises UsageError."""
    before = Rules() if prune else governance.rules
    strict = before.strict_conflicts if written.strict is None else written.strict
    unwaivable = tuple(sorted({*before.unwaivable, *written.unwaivable}))
    rules = Rules(strict, unwaivable)
    same = strict == governance.rules.strict_conflicts and {*unwaivable} == {*governance.rules.unwaivable}
    return governance if same else set_rules(governance, rules)


def with_waivers(
    governance: Governance, written: Mapping[str, WrittenWaiver], *, now: str, prune: bool
) -> Governance:
    """Governance with these waivers, those that change made `now`; with `prune` without others.

    Raises:
        UsageError: a waiver is not valid, too long, in the past, or for a policy that is never waived.
    """
    for id, each in written.items():
        old = governance.waivers.get(id)
        if old is not None and replace(old, created="") == each.waiver:
            continue
        try:
            made = replace(each.waiver, created=now, expires=expiry(each.waiver.expires, now))
            governance = waive(governance, made)
        except UsageError as error:
            raise UsageError(f"{each.where}: {error}", hint=error.hint) from None
    if not prune:
        return governance
    return replace(
        governance, waivers={id: waiver for id, waiver in governance.waivers.items() if id in written}
    )
