"""What the real `pulumi policy analyze` says of a state, and what `packreg analyze` says, in one form."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from packreg.analyzer.redaction import Redactor
from packreg.states.values import SIGNATURE, UNKNOWN
from tests.e2e.user import Shell

#: The exit codes that mean the same, the CLI's first: it has one for everything that is not allowed.
AGREEING = {(0, 0), (1, 3)}


class Pack(NamedTuple):
    """A pack for both: its name, where it is installed, and the text of its configuration, "" for none."""

    name: str
    directory: Path
    config: str = ""


class Violation(NamedTuple):
    """One finding, as both report it."""

    version: str
    policy: str
    level: str
    severity: str
    urn: str
    message: str


class Remediation(NamedTuple):
    """What a policy would make of a resource: all its properties afterwards, as JSON text.

    "" where one of them was a secret, unknown, an asset or a reference: each reports them in its own words.
    """

    version: str
    policy: str
    urn: str
    after: str


@dataclass
class Judged:
    """An exit code and, by pack, all findings in the order in which they were reported."""

    code: int
    violations: dict[str, list[Violation]] = field(default_factory=lambda: defaultdict(list))
    remediations: dict[str, list[Remediation]] = field(default_factory=lambda: defaultdict(list))
    #: The inputs of the resources that are remediated, by URN.
    remediated: dict[str, dict[str, Any]] = field(default_factory=dict)

    def fired(self, pack: str) -> set[str]:
        """The policies of a pack that reported a violation."""
        return {violation.policy for violation in self.violations[pack]}


def compared(
    shell: Shell, state: Path, packs: Sequence[Pack], secrets: Iterable[str] = (), *, stack: str = ""
) -> Judged:
    """What both find in a state, and it is the same: the same violations one by one, in the same order, the
    same remediations, the same verdict. Of the `secrets`, packreg shows none, so they are not compared.

    With `stack`, the CLI asks its backend for that stack, whose state is the file.
    """
    source = f"--stack {stack}" if stack else f"--file '{state}'"
    pulumi = by_pulumi(shell, source, packs, secrets)
    packreg = by_packreg(shell, f"--state '{state}'", packs, pulumi.remediated)
    if stack:
        again = by_packreg(shell, f"--stack {stack}", packs, pulumi.remediated)
        assert again == packreg
    assert packreg.violations.keys() == pulumi.violations.keys()
    for name, violations in pulumi.violations.items():
        assert packreg.violations[name] == violations, name
    assert packreg.remediations == pulumi.remediations
    assert (pulumi.code, packreg.code) in AGREEING
    return packreg


def by_pulumi(shell: Shell, source: str, packs: Sequence[Pack], secrets: Iterable[str] = ()) -> Judged:
    """What the Pulumi CLI finds in what an option names; these secrets are left out, as packreg does."""
    line = f"pulumi policy analyze --non-interactive --json {source}"
    for number, pack in enumerate(packs):
        line += f" --policy-pack '{pack.directory}'"
        if any(other.config for other in packs):  # then it wants one for each pack
            line += f" --policy-pack-config '{_config(shell, number, pack)}'"
    code, output = shell.answer(line)
    hide = Redactor(secrets)
    judged = Judged(code)
    for event in map(json.loads, output.splitlines()):
        if found := event.get("policyEvent"):
            judged.violations[found["policyPackName"]].append(
                Violation(
                    found["policyPackVersion"],
                    found["policyName"],
                    found["enforcementLevel"],
                    found.get("severity", ""),
                    found["resourceUrn"],
                    hide.text(found["message"]),
                )
            )
        elif found := event.get("policyRemediationEvent"):
            judged.remediated.setdefault(found["resourceUrn"], found.get("before", {}))
            judged.remediations[found["policyPackName"]].append(
                Remediation(
                    found["policyPackVersion"],
                    found["policyName"],
                    found["resourceUrn"],
                    _text(judged.remediated[found["resourceUrn"]], found["after"]),
                )
            )
    return judged


def by_packreg(
    shell: Shell, source: str, packs: Sequence[Pack], before: Mapping[str, dict[str, Any]]
) -> Judged:
    """What packreg finds in what an option names; `before` has the inputs of what it remediates."""
    line = f"packreg analyze --format json {source}"
    for number, pack in enumerate(packs):
        line += f" '{pack.directory}'"
        if pack.config:
            line += f" --config {pack.name}='{_config(shell, number, pack)}'"
    code, output = shell.answer(line)
    judged = Judged(code)
    for pack_found in json.loads(output)["packs"]:
        name, version = pack_found["name"], pack_found["version"]
        assert pack_found["errors"] == []
        for found in pack_found["violations"]:
            judged.violations[name].append(
                Violation(
                    version,
                    *(found[key] for key in ("policy", "level", "severity", "urn", "message")),
                )
            )
        bags = {urn: json.loads(json.dumps(inputs)) for urn, inputs in before.items()}
        for found in pack_found["remediations"]:
            bag = bags[found["urn"]]
            for change in found["changes"]:
                if not _is_special(bag):
                    _apply(bag, change)
            judged.remediations[name].append(
                Remediation(version, found["policy"], found["urn"], _text(before[found["urn"]], bag))
            )
    return judged


def _config(shell: Shell, number: int, pack: Pack) -> Path:
    path = shell.directory / f"config-{number}.json"
    path.write_text(pack.config or "{}", "utf-8")
    return path


def _text(before: dict[str, Any], after: dict[str, Any]) -> str:
    return "" if _is_special(before) else json.dumps(after, sort_keys=True)


def _is_special(properties: dict[str, Any]) -> bool:
    text = json.dumps(properties)
    return any(mark in text for mark in (SIGNATURE, UNKNOWN))


def _apply(bag: Any, change: dict[str, Any]) -> None:
    *path, last = change["path"]
    for step in path:
        bag = bag[step]
    if change["kind"] == "delete":
        del bag[last]
    else:
        bag[last] = change["after"]
