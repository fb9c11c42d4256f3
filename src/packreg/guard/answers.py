"""Merge the answers of several packs into one message of the protocol. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from packreg.analyzer.asking import Failure, Reply
from packreg.analyzer.findings import Violation
from packreg.analyzer.protocol import analyzer_pb2 as pb
from packreg.analyzer.redaction import Redactor
from packreg.groups.model import Waiver
from packreg.states.resource import urn_parts

#: The pack name in the guard's own diagnostics.
OWN_NAME = "packreg"
_BLOCKING = (pb.MANDATORY, pb.REMEDIATE)


@dataclass(frozen=True, slots=True)
class Label:
    """A pack as the user knows it: its name, the release's version, the severity of each policy.

    The policies in `unwaivable` cannot be waived.
    """

    name: str
    version: str
    severities: Mapping[str, int] = field(default_factory=dict)
    unwaivable: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.name}@{self.version}" if self.version else self.name


#: Returns the waiver for a violation, or None.
WaiverFor = Callable[[Violation], Waiver | None]


class Merged:
    """An answer to Analyze or AnalyzeStack that packs' answers are added to."""

    def __init__(
        self, urn: str, waiver_for: WaiverFor, attribute: Callable[[str], str] | None = None
    ) -> None:
        """`urn` is what is judged; `attribute` returns the URN a diagnostic is for, from the one it names."""
        self._message = pb.AnalyzeResponse()
        #: The violations that block.
        self.denied: list[Violation] = []
        self._urn, self._waiver_for, self._attribute = urn, waiver_for, attribute

    def add(self, label: Label, answer: pb.AnalyzeResponse) -> None:
        """Add a pack's answer. A waived violation becomes an advisory one that names the waiver's owner."""
        for found in answer.diagnostics:
            shown = self._message.diagnostics.add()
            shown.CopyFrom(found)
            shown.pack_name, shown.pack_version = label.name, label.version
            shown.severity = found.severity or label.severities.get(found.policy_name, 0)
            if found.enforcement_level not in _BLOCKING:
                continue
            urn = self._attribute(found.urn) if self._attribute else self._urn
            violation = Violation(
                pack=label.name,
                version=label.version,
                policy=found.policy_name,
                level="mandatory",
                message=found.message,
                urn=urn,
                resource_type=urn_parts(urn)[2].rpartition("$")[2],
            )
            waivable = found.policy_name not in label.unwaivable
            waiver = self._waiver_for(violation) if waivable else None
            if waiver is None:
                self.denied.append(violation)
            else:
                shown.enforcement_level = pb.ADVISORY
                shown.message += f"\n(waived by {waiver.owner} until {waiver.expires}: {waiver.reason})"
        self._message.not_applicable.extend(answer.not_applicable)

    def note(self, version: str, policy: str, text: str) -> None:
        """Add an advisory diagnostic of the guard's own."""
        self._message.diagnostics.add(
            policy_name=policy,
            pack_name=OWN_NAME,
            pack_version=version,
            message=text,
            enforcement_level=pb.ADVISORY,
            urn=self._urn,
        )

    @property
    def diagnostics(self) -> Sequence[pb.Diagnostic]:
        """The diagnostics that the CLI will show."""
        return self._message.diagnostics

    def encoded(self) -> bytes:
        """The answer as an encoded message."""
        return self._message.SerializeToString()


def redacted(reply: Reply, redactor: Redactor) -> Reply:
    """The reply without known secrets in any text."""
    text = redactor.text
    for answer in reply.answers:
        for found in getattr(answer, "diagnostics", ()):
            found.message, found.description = text(found.message), text(found.description)
        for made in getattr(answer, "remediations", ()):
            made.description, made.diagnostic = text(made.description), text(made.diagnostic)
        for skipped in answer.not_applicable:
            skipped.reason = text(skipped.reason)
    failures = [failure._replace(why=text(failure.why)) for failure in reply.failures]
    return Reply(reply.question, reply.answers, failures)


def says_anything(reply: Reply) -> bool:
    """Whether the reply holds any failure, diagnostic or remediation."""
    return bool(reply.failures) or any(answer.ByteSize() for answer in reply.answers)


def add_remediations(
    merged: pb.RemediateResponse, label: Label, answer: pb.RemediateResponse
) -> bytes | None:
    """Add a pack's remediations to those of earlier packs; returns the new property bag, encoded, or None."""
    properties = None
    for made in answer.remediations:
        shown = merged.remediations.add()
        shown.CopyFrom(made)
        shown.pack_name, shown.pack_version = label.name, label.version
        if made.HasField("properties") and not made.diagnostic:
            properties = made.properties
    merged.not_applicable.extend(answer.not_applicable)
    return properties


def with_properties(request: bytes, properties: bytes) -> bytes:
    """The request with another property bag; everything else as it was."""
    message = pb.Resource.FromString(request)
    message.properties = properties
    return message.SerializeToString()


def unjudged(label: Label, what: str, failures: Iterable[Failure]) -> str:
    """Why a pack could not judge something, as a sentence."""
    whys = [f"its policy {each.policy}: {each.why}" if each.policy else each.why for each in failures]
    return f"{label} could not judge {what}: {'; '.join(whys)}"
