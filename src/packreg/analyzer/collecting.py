"""Turn a pack's replies into its findings; the replies may come in any order."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

from packreg.analyzer.asking import Item, Reply
from packreg.analyzer.differences import changes
from packreg.analyzer.feed import StackView
from packreg.analyzer.findings import (
    EvaluationError,
    PackResult,
    PolicyResult,
    PropertyChange,
    Remediation,
    Violation,
)
from packreg.analyzer.protocol import analyzer_pb2 as pb
from packreg.analyzer.protocol.struct import decode_struct
from packreg.analyzer.redaction import Redactor
from packreg.analyzer.session import Session
from packreg.errors import PackFailed
from packreg.pack.metadata import LEVELS, SEVERITIES, PackInfo

_PHASES = {"Remediate": 0, "Analyze": 1, "AnalyzeStack": 2}
_STATES = ("passed", "failed", "not_applicable", "errors")
#: Position of the resource (the stack comes last), phase, index of the policy, running number.
_Place = tuple[float, int, int, int]


class Collector:
    """The findings of one pack over some resources, gathered from several threads."""

    def __init__(
        self, session: Session, version: str, stack: StackView, redactor: Redactor, *, name: str = ""
    ) -> None:
        """`session` must be started. `version` and `name` are the release's; "" means the pack's own."""
        info = session.info
        self._name = name or info.shown_name
        self._info: PackInfo = info
        engine, self._warnings = session.program.engine, session.analyzer.warnings
        self._engine = engine and engine._replace(in_process=session.analyzer.hosted)
        self._version = version or info.version
        self._stack = stack
        self._redactor = redactor
        self._lock = threading.Lock()
        self._order = {policy.name: index for index, policy in enumerate(info.policies)}
        self._severity = {policy.name: policy.severity for policy in info.policies}
        self._levels = {policy.name: session.level(policy) for policy in info.policies}
        self._judging = {m: [policy.name for policy in session.judging(m)] for m in _PHASES}
        self._counts: Counter[tuple[str, str]] = Counter()
        self._alike: Counter[tuple[str, str]] = Counter()  # (method, state) that all asked policies share
        self._violations: list[tuple[_Place, Violation]] = []
        self._remediations: list[tuple[_Place, Remediation]] = []
        self._errors: list[tuple[_Place, EvaluationError]] = []
        self._types: dict[str, str] = {}
        self._running = 0
        self.judged = 0

    def add(self, reply: Reply, redactor: Redactor | None = None) -> None:
        """Add the answers and failures of one reply.

        `redactor`, if given, knows more secrets; it replaces the present one for this and later replies.
        """
        item, method = reply.question
        with self._lock:
            self._redactor = redactor or self._redactor
            states: dict[str, str] = {}
            for answer in reply.answers:
                states.update(
                    (self._text(each.policy_name), "not_applicable") for each in answer.not_applicable
                )
            for answer in reply.answers:
                if method == "Remediate":
                    states.update(dict.fromkeys(self._remediated(item, answer), "failed"))
                else:
                    states.update(dict.fromkeys(self._reported(item, method, answer), "failed"))
            unknown_culprit = False
            for failure in reply.failures:
                unknown_culprit = unknown_culprit or not failure.policy
                states[failure.policy] = "errors"
                self._error(item, method, failure.code, failure.why, failure.policy)
            self._count(method, states, "errors" if unknown_culprit else "passed")
            if method == "Analyze":
                self.judged += 1

    def unsendable(self, item: Item) -> None:
        """Record that an item cannot be sent to the pack."""
        method = "AnalyzeStack" if item.position < 0 else "Analyze"
        with self._lock:
            self._error(item, method, "unsendable", item.problem, "")
            self._count(method, {}, "errors")
            self.judged += method == "Analyze"

    def unasked(self) -> None:
        """Record that no policy of the pack judges a resource, so that it was not asked."""
        with self._lock:
            self.judged += 1

    def given_up(self, failed: PackFailed, resources: int, *, stack: bool) -> None:
        """Record that the pack was given up: `resources`, and with `stack` the stack too, were not judged."""
        what = f"{resources} of {self._stack.size} resources were not judged" if resources else ""
        if stack:
            what += (" and " if what else "") + "the stack was not judged"
        with self._lock:
            place = (float("inf"), 3, 0, 0)
            text = self._redactor.text
            error = EvaluationError(
                self._name,
                self._version,
                failed.code,
                text(f"{failed}; {what}"),
                kind="resource" if resources else "stack",
                resources=resources,
                log=text(failed.log),
            )
            self._errors.append((place, error))
            self._alike["Analyze", "errors"] += resources
            self._alike["AnalyzeStack", "errors"] += stack

    def result(self, restarts: int) -> PackResult:
        """All findings, in order."""
        counts = Counter(self._counts)
        for (method, state), number in self._alike.items():
            for name in self._judging[method]:
                counts[name, state] += number
        return PackResult(
            pack=self._name,
            version=self._version,
            info=self._info,
            resources=self._stack.size,
            policies=tuple(
                PolicyResult(name, level, *(counts[name, state] for state in _STATES))
                for name, level in self._levels.items()
            ),
            violations=tuple(found for _, found in sorted(self._violations, key=lambda pair: pair[0])),
            remediations=tuple(found for _, found in sorted(self._remediations, key=lambda pair: pair[0])),
            errors=tuple(found for _, found in sorted(self._errors, key=lambda pair: pair[0])),
            restarts=restarts,
            engine=self._engine,
            warnings=self._warnings,
        )

    # ------------------------------------------------------------------------------------------------------

    def _count(self, method: str, states: dict[str, str], otherwise: str) -> None:
        judging = self._judging[method]
        if not states:
            self._alike[method, otherwise] += 1
            return
        for name in judging:
            self._counts[name, states.get(name, otherwise)] += 1
        for name, state in states.items():  # the pack may also answer for policies that were not asked
            if name not in judging and name in self._order:
                self._counts[name, state] += 1

    def _reported(self, item: Item, method: str, answer: pb.AnalyzeResponse) -> list[str]:
        names = []
        for each in answer.diagnostics:
            level = (
                LEVELS[each.enforcement_level] if 0 <= each.enforcement_level < len(LEVELS) else "mandatory"
            )
            urn, kind = item.urn, item.type
            if method == "AnalyzeStack":
                urn = self._stack.attribute(each.urn)
                kind = item.type if urn == self._stack.root else _type_in(urn)
            name = self._violation(
                item,
                method,
                each.policy_name,
                level="mandatory" if level == "remediate" else level,
                message=each.message,
                description=each.description,
                severity=each.severity,
                urn=urn,
                kind=kind,
            )
            names.append(name)
        return names

    def _remediated(self, item: Item, answer: pb.RemediateResponse) -> list[str]:
        names = []
        before: dict[str, Any] | None = None
        for each in answer.remediations:
            name = self._text(each.policy_name)
            if each.diagnostic:
                self._violation(
                    item,
                    "Remediate",
                    each.policy_name,
                    level="advisory",
                    message=each.diagnostic,
                    description=each.description,
                    severity=0,
                    urn=item.urn,
                    kind=item.type,
                )
                names.append(name)
            elif each.HasField("properties"):
                if before is None:
                    before = decode_struct(pb.Resource.FromString(item.remediate).properties)
                try:
                    after = decode_struct(each.properties)
                except ValueError as error:
                    self._error(
                        item, "Remediate", "bad-answer", f"its remediation cannot be used: {error}", name
                    )
                    continue
                found = tuple(self._shown(change) for change in changes(before, after))
                before = after
                names.append(name)
                self._remediations.append(
                    (
                        self._place(item, "Remediate", name),
                        Remediation(
                            self._name,
                            self._version,
                            name,
                            self._text(item.urn),
                            self._text(item.type),
                            found,
                            self._text(each.description),
                        ),
                    )
                )
        return names

    def _violation(
        self,
        item: Item,
        method: str,
        policy: str,
        *,
        level: str,
        message: str,
        description: str,
        severity: int,
        urn: str,
        kind: str,
    ) -> str:
        policy = self._text(policy)
        violation = Violation(
            pack=self._name,
            version=self._version,
            policy=policy,
            level=level,
            message=self._text(message),
            urn=self._text(urn),
            resource_type=self._text(kind),
            description=self._text(description),
            severity=SEVERITIES[severity]
            if 0 < severity < len(SEVERITIES)
            else self._severity.get(policy, ""),
            kind="stack" if method == "AnalyzeStack" else "resource",
        )
        self._violations.append((self._place(item, method, policy), violation))
        return policy

    def _error(self, item: Item, method: str, code: str, why: str, policy: str) -> None:
        error = EvaluationError(
            self._name,
            self._version,
            code,
            self._redactor.text(why),
            policy,
            self._text(item.urn),
            "stack" if method == "AnalyzeStack" else "resource",
        )
        self._errors.append((self._place(item, method, policy), error))

    def _place(self, item: Item, method: str, policy: str) -> _Place:
        self._running += 1
        position = float("inf") if item.position < 0 else item.position
        return position, _PHASES[method], self._order.get(policy, len(self._order)), self._running

    def _text(self, text: str) -> str:
        return self._redactor.text(text)

    def _shown(self, change: PropertyChange) -> PropertyChange:
        value = self._redactor.value
        path = tuple(self._text(step) if isinstance(step, str) else step for step in change.path)
        return PropertyChange(path, change.kind, value(change.before), value(change.after))


def _type_in(urn: str) -> str:
    """The type in the URN of a live resource, without the types of its parents."""
    return urn.split("::")[2].rpartition("$")[2]
