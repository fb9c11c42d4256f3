"""Previews: what the file holds is asked, and what it lacks is listed, difference by difference."""

from __future__ import annotations

import json
from typing import Any

import pytest

from packreg.errors import InvalidState
from packreg.states.preview import read_preview
from tests.states.recordings import PROGRAM, differences, recorded, requests_of

STACK = "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev"
BUCKET = "urn:pulumi:dev::p::demo:index:Bucket::a"

#: Why a preview's file gives other requests than the analyzer got live, by what a line of difference holds.
REASONS = {
    "a default provider, which the CLI never prints": (
        "pulumi:providers:demo::default",
        ".provider: absent |",
    ),
    "a secret, which the CLI has hidden": ('"[secret]" |',),
    "an option that is not part of a resource's state": (".deleteBeforeReplace",),
    "an output that the provider or the program adds while the preview runs": (
        ".properties .computed: absent |",
        ".properties .tag: absent |",
        ".properties .bucket: absent |",
        ".properties .id: absent |",
    ),
    "a resource that does not change, left out without --show-sames": (": not asked | asked",),
}


@pytest.mark.parametrize(
    ("preview", "recording", "listed"),
    [
        ("create-preview", "create-preview", "create-preview"),
        ("create-preview-sames", "create-preview", "create-preview"),
        ("update-preview", "update-preview", "update-preview"),
        ("update-preview-sames", "update-preview", "update-preview-sames"),
    ],
)
def test_a_preview_differs_from_the_live_analyzer_exactly_as_listed(
    preview: str, recording: str, listed: str
) -> None:
    """Each difference (ours | live) is in the list beside the recording, and each has one of the reasons."""
    snapshot = read_preview((PROGRAM / f"{preview}.json").read_bytes(), preview)
    found = list(differences(requests_of(snapshot), recorded(PROGRAM / f"{recording}.requests.jsonl")))
    assert found == (PROGRAM / f"{listed}.differences.txt").read_text().splitlines()
    for line in found:
        assert any(mark in line for marks in REASONS.values() for mark in marks), line


def test_what_a_preview_lacks_is_said() -> None:
    """A clean result over half of the stack must not look like one over all of it."""
    notes = read_preview((PROGRAM / "update-preview.json").read_bytes(), "p.json").notes
    assert [(note.code, note.message) for note in notes] == [
        ("missing-resources", "7 unchanged resources are not in it and were not analyzed"),
        (
            "hidden-secrets",
            'secrets are hidden in it ("[secret]", 1 times, if no program wrote that text itself); '
            "policies see that text instead",
        ),
        ("missing-providers", "1 resources have a provider that is not in it; policies see none"),
    ]
    sames = read_preview((PROGRAM / "update-preview-sames.json").read_bytes(), "p.json").notes
    assert "missing-resources" not in {note.code for note in sames}


def preview_of(*steps: Any, **more: Any) -> bytes:
    """A preview with these steps."""
    return json.dumps({"config": {}, "steps": steps, **more}).encode()


def step(op: str, inputs: dict[str, Any] | None, *, urn: str = BUCKET, **old: Any) -> dict[str, Any]:
    """A step of a custom resource; `inputs` None for one that takes it away, `old` are its old outputs."""
    state = {"urn": urn, "type": "demo:index:Bucket", "custom": True}
    made: dict[str, Any] = {"op": op, "urn": urn}
    if old:
        made["oldState"] = {**state, "outputs": old}
    if inputs is not None:
        made["newState"] = {**state, "inputs": inputs}
    return made


def stack_properties(data: bytes) -> dict[str, Any]:
    """What stack policies see: outputs by URN."""
    (request,) = [r for rpc, r in requests_of(read_preview(data, "p.json")) if rpc == "AnalyzeStack"]
    return {resource["urn"]: resource["properties"] for resource in request["resources"]}


@pytest.mark.parametrize(
    "op", ["delete", "delete-replaced", "discard", "discard-replaced", "remove-pending-replace"]
)
def test_what_goes_away_is_not_analyzed(op: str) -> None:
    """Only what will be there after the update is judged."""
    data = preview_of(step("create", {"x": 1}), step(op, None, urn=f"{BUCKET}2", x=2))
    assert stack_properties(data) == {BUCKET: {"x": 1.0}}


def test_the_sub_steps_of_a_replacement_are_one_resource() -> None:
    """With --show-replacement-steps its URN comes three times, the removal of the old one in any place."""
    new = {"x": 2}
    made, replaced, gone = (
        step("create-replacement", new),
        step("replace", new),
        step("delete-replaced", None, x=1),
    )
    for steps in ((made, replaced, gone), (gone, replaced, made)):
        assert stack_properties(preview_of(*steps)) == {BUCKET: {"x": 2.0}}


def test_a_refreshed_resource_that_is_then_deleted_is_not_analyzed() -> None:
    """The refresh is not the last word."""
    kept = step("create", {}, urn=f"{BUCKET}2")
    gone = preview_of(kept, step("refresh", {"x": 1}), step("delete", None, x=1))
    assert stack_properties(gone) == {f"{BUCKET}2": {}}
    both = preview_of(step("refresh", {"x": 1}), step("update", {"x": 2}))
    assert stack_properties(both) == {BUCKET: {"x": 2.0}}


def test_outputs_are_the_old_ones_only_when_nothing_changes() -> None:
    """An update's old outputs are about to be wrong; its inputs are what is known of the new ones."""
    assert stack_properties(preview_of(step("same", {"x": 1}, x=1, arn="a"))) == {
        BUCKET: {"x": 1.0, "arn": "a"}
    }
    assert stack_properties(preview_of(step("update", {"x": 2}, x=1, arn="a"))) == {BUCKET: {"x": 2.0}}


def test_components_have_no_outputs_before_they_are_made() -> None:
    """Their inputs are not their outputs."""
    component = {"op": "create", "urn": STACK, "newState": {"urn": STACK, "type": "c", "inputs": {"a": 1}}}
    assert stack_properties(preview_of(component)) == {STACK: {}}


@pytest.mark.parametrize(
    "more", [{"maybeCorrupt": True}, {"diagnostics": [{"severity": "error", "message": "boom"}]}]
)
def test_a_preview_that_failed_is_said(more: dict[str, Any]) -> None:
    """What the preview did not get to is not in its file."""
    notes = read_preview(preview_of(step("create", {}), **more), "p.json").notes
    assert [note.code for note in notes] == ["failed-preview"]


def test_a_preview_without_steps_has_nothing_to_analyze() -> None:
    """The CLI leaves the steps out when there are none."""
    snapshot = read_preview(b'{"config": {}, "duration": 1, "changeSummary": {}}', "p.json")
    assert [note.code for note in snapshot.notes] == ["nothing-to-analyze"]


@pytest.mark.parametrize(
    ("data", "said", "hint"),
    [
        (b"[]", "not a JSON object", "preview --json"),
        (b"{}", "it has no steps", "preview --json"),
        (b'{"version": 3, "deployment": {}}', "it has no steps", "state"),
        (b'{"sequence": 1, "timestamp": 2}\n{"sequence": 2}', "a log of engine events", "preview --json"),
        (preview_of({"op": "create"}), "steps[0] is not a step", ""),
        (preview_of(1), "steps[0] is not a step", ""),
        (preview_of({"op": "create", "urn": STACK, "newState": 1}), "steps[0].newState is not an object", ""),
        (
            preview_of({"op": "create", "urn": BUCKET, "newState": {"urn": STACK, "type": "t"}}),
            "a different URN from",
            "",
        ),
        (
            preview_of(step("create", {"s": {"4dabf18193072939515e22adb298388d": 1}})),
            "steps[0].newState.inputs.s",
            "",
        ),
    ],
)
def test_what_is_not_a_preview_is_refused(data: bytes, said: str, hint: str) -> None:
    """With the place, and a way out where the file is another kind."""
    with pytest.raises(InvalidState) as refused:
        read_preview(data, "p.json")
    assert said in str(refused.value)
    assert hint in refused.value.hint
