"""Many answers become one without losing whose they are."""

from __future__ import annotations

from dataclasses import replace

from packreg.analyzer.asking import Failure, Item, Question, Reply
from packreg.analyzer.protocol import analyzer_pb2 as pb
from packreg.analyzer.protocol.struct import decode_struct, encode_struct
from packreg.analyzer.redaction import Redactor
from packreg.groups.model import Waiver
from packreg.guard.answers import (
    Label,
    Merged,
    add_remediations,
    redacted,
    says_anything,
    unjudged,
    with_properties,
)
from packreg.guard.resources import UpdateResources
from tests.guard.cli import ROOT, no_waiver, urn

WAIVER = Waiver("w", "guard", "p", "*/*", "ada", "soon", "2999-01-01T00:00:00Z", "")
GUARD = Label("guard", "1.2.0", {"p": 3})


def answer(level: int = pb.MANDATORY, **more: object) -> pb.AnalyzeResponse:
    """A pack's answer with one diagnostic, which calls its pack something else."""
    found = pb.AnalyzeResponse()
    found.diagnostics.add(
        policy_name="p", pack_name="own", pack_version="0.0.1", message="no", enforcement_level=level, **more
    )
    return found


def merged(found: pb.AnalyzeResponse, **options: object) -> pb.Diagnostic:
    """The one diagnostic of an answer that was merged."""
    into = Merged(urn("a"), options.pop("waiver_for", no_waiver), **options)  # type: ignore[arg-type]
    into.add(GUARD, found)
    [shown] = pb.AnalyzeResponse.FromString(into.encoded()).diagnostics
    return shown


def test_a_failure_says_something() -> None:
    """A reply without any answer is not "all is well" if it says why."""
    question = Question(Item(0, urn("a"), "t", b""), "Analyze")
    assert not says_anything(Reply(question, [pb.AnalyzeResponse()]))
    assert says_anything(Reply(question, failures=[Failure("crashed", "it is gone")]))
    assert says_anything(Reply(question, [answer()]))


def test_name_version_and_severity_are_the_releases() -> None:
    """What a pack calls itself gives way to what it was installed as; its own severity of a finding stays."""
    shown = merged(answer())
    assert (shown.pack_name, shown.pack_version, shown.severity, shown.message) == ("guard", "1.2.0", 3, "no")
    assert merged(answer(severity=1)).severity == 1


def test_only_what_blocks_is_waived() -> None:
    """Mandatory violations and those at the level remediate are waived; advisory ones stay as they are."""
    asked = []

    def waiver_for(violation: object) -> Waiver:
        asked.append(violation)
        return WAIVER

    for level in (pb.MANDATORY, pb.REMEDIATE):
        shown = merged(answer(level), waiver_for=waiver_for)
        assert shown.enforcement_level == pb.ADVISORY
        assert shown.message.endswith("(waived by ada until 2999-01-01T00:00:00Z: soon)")
    assert merged(answer(pb.ADVISORY), waiver_for=waiver_for).message == "no"
    assert [(each.pack, each.policy, each.urn, each.resource_type) for each in asked] == [
        ("guard", "p", urn("a"), "demo:index:Bucket")
    ] * 2


def test_a_policy_that_forbids_waivers_blocks() -> None:
    """Whoever made a waiver before its pack forbade them: the violation stays mandatory."""
    into = Merged(urn("a"), lambda violation: WAIVER)
    into.add(replace(GUARD, unwaivable=frozenset({"p"})), answer())
    [shown] = pb.AnalyzeResponse.FromString(into.encoded()).diagnostics
    assert (shown.enforcement_level, shown.message) == (pb.MANDATORY, "no")


def test_a_stack_policys_waiver_is_of_the_resource_it_names() -> None:
    """A diagnostic that names a resource of the stack is that resource's, any other one the stack's."""
    seen = UpdateResources("dev", "shop")
    request = pb.AnalyzeStackRequest(resources=[pb.Resource(urn=urn("b"))]).SerializeToString()
    item = seen.whole(request)
    urns: list[str] = []

    def waiver_for(violation: object) -> None:
        urns.append(violation.urn)

    for named in (urn("b"), urn("elsewhere"), ""):
        into = Merged(item.urn, waiver_for, seen.attribute)
        into.add(GUARD, answer(urn=named))
    assert urns == [urn("b"), ROOT, ROOT]


def test_remediations_are_chained_and_labelled() -> None:
    """The last property bag goes on; one that comes with a diagnostic changes nothing."""
    into = pb.RemediateResponse()
    found = pb.RemediateResponse()
    found.remediations.add(policy_name="p", properties=encode_struct({"a": 1}))
    found.remediations.add(policy_name="q", properties=encode_struct({"a": 2}), diagnostic="cannot")
    properties = add_remediations(into, GUARD, found)
    assert properties is not None
    request = pb.Resource(urn=urn("a"), type="t", name="n", parent=ROOT).SerializeToString()
    message = pb.Resource.FromString(with_properties(request, properties))
    assert decode_struct(message.properties) == {"a": 1.0}
    assert (message.urn, message.type, message.name, message.parent) == (urn("a"), "t", "n", ROOT)
    assert [(each.pack_name, each.policy_name) for each in into.remediations] == [
        ("guard", "p"),
        ("guard", "q"),
    ]
    assert add_remediations(into, GUARD, pb.RemediateResponse()) is None


def test_every_text_of_a_reply_is_redacted() -> None:
    """Messages, descriptions, reasons, remediations' texts and failures lose known secrets."""
    secret = "hunter2-hunter2"
    analyzed = answer(description=secret)
    analyzed.diagnostics[0].message = f"it is {secret}"
    analyzed.not_applicable.add(policy_name="q", reason=secret)
    remediated = pb.RemediateResponse()
    remediated.remediations.add(policy_name="r", description=secret, diagnostic=secret)
    question = Question(Item(0, urn("a"), "t", b""), "Analyze")
    reply = redacted(Reply(question, [analyzed, remediated], [Failure("c", secret)]), Redactor({secret}))
    assert secret not in f"{reply.answers}{reply.failures}"
    assert str(reply.answers[0]).count("[secret]") == 3
    assert says_anything(reply)
    assert not says_anything(Reply(question, [pb.AnalyzeResponse()]))


def test_what_was_not_judged_is_a_sentence() -> None:
    """The pack, the resource, the policies that are known and the reasons are in it."""
    failures = [Failure("c", "it raised", "p"), Failure("c", "it hung")]
    assert unjudged(GUARD, urn("a"), failures) == (
        f"guard@1.2.0 could not judge {urn('a')}: its policy p: it raised; it hung"
    )
