"""The text that tells whoever runs the CLI why a run was denied. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from packreg.analyzer.findings import Violation
from packreg.analyzer.protocol import analyzer_pb2 as pb
from packreg.states.resource import urn_parts
from packreg.text import one_line

_MOST_POLICIES, _MOST_FINDINGS = 8, 12
_LONGEST_LINE = 160


class Denial:
    """The mandatory violations of a run without a waiver: how many resources each policy denied."""

    def __init__(self, stack: str) -> None:
        """`stack` is what `packreg waiver add --stack` takes."""
        self._stack = stack
        self._policies: dict[tuple[str, str, str], list[str]] = {}
        self._waivable: Violation | None = None

    def __bool__(self) -> bool:
        return bool(self._policies)

    def add(self, violation: Violation, *, waivable: bool) -> None:
        """Add a violation."""
        by = (violation.pack, violation.version, violation.policy)
        urns = self._policies.setdefault(by, [])
        if violation.urn not in urns[:1]:  # the CLI asks about a replaced resource twice
            urns.append(violation.urn)
        if waivable and self._waivable is None:
            self._waivable = violation

    def text(self, unshown: Iterable[pb.Diagnostic], *, exempted: bool) -> str:
        """What was denied, and what can be done.

        `unshown` are diagnostics that the CLI has not shown; `exempted` says that it may have been given
        policy exceptions.
        """
        lines = [f"{self._stack} is denied, by mandatory policies:"]
        for (pack, version, policy), urns in list(self._policies.items())[:_MOST_POLICIES]:
            more = f" and {len(urns) - 1} more" if len(urns) > 1 else ""
            lines.append(f"  {one_line(f'{pack}@{version} {policy}', 200)}: {_place(urns[0])}{more}")
        if len(self._policies) > _MOST_POLICIES:
            lines.append(f"  and {len(self._policies) - _MOST_POLICIES} more policies")
        told = findings(unshown)
        if told:
            lines += ["about the stack as a whole:", *told]
        if exempted:
            lines.append("policy exceptions of the Pulumi CLI do not count here")
        lines.append(f"hint: change what they name{self._waiver()}")
        return "\n".join(lines)

    def _waiver(self) -> str:
        if self._waivable is None:
            return "; none of them can be waived"
        found = self._waivable
        words = ["packreg", "waiver", "add", f"{found.pack}:{found.policy}", "--stack", self._stack]
        words += ["--resource", found.urn, "--expires", "30d", "--reason", "WHY"]
        return f", or ask whoever maintains the policies for a waiver: {one_line(shlex.join(words), 1000)}"


def not_made(urn: str, diagnostics: Iterable[pb.Diagnostic], unsure: str) -> str:
    """Why a resource with violations is not created: `unsure` says why the CLI may let them pass."""
    lines = [f"{_place(urn)} is denied, and was not created:", *findings(diagnostics), unsure]
    return "\n".join([*lines, "hint: policy exceptions do not count here; leave the configuration out"])


def findings(diagnostics: Iterable[pb.Diagnostic]) -> list[str]:
    """Diagnostics as lines, as the CLI would show them; mandatory ones come first."""
    told = sorted(diagnostics, key=lambda each: each.enforcement_level == pb.ADVISORY)
    lines = []
    for each in told[:_MOST_FINDINGS]:
        level = pb.EnforcementLevel.Name(each.enforcement_level).lower()
        where = f"  ({_place(each.urn)})" if each.urn else ""
        name = f"{each.pack_name}@{each.pack_version}"
        message = one_line(" ".join(each.message.split()), _LONGEST_LINE)
        lines.append(f"  [{level}]  {one_line(f'{name} {each.policy_name}', 200)}{where}: {message}")
    if len(told) > _MOST_FINDINGS:
        lines.append(f"  and {len(told) - _MOST_FINDINGS} more")
    return lines


def _place(urn: str) -> str:
    kind, name = urn_parts(urn)[2:]
    return one_line(f"{kind.rpartition('$')[2]}: {name}", 200)
