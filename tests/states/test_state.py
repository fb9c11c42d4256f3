"""States of stacks, against what the Pulumi CLI asked an analyzer about the same files."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from packreg.errors import InvalidState
from packreg.states.sources import unpacked
from packreg.states.state import read_state
from tests.states.recordings import PROGRAM, STATES, recorded, requests_of

#: The CLI refuses these two, and packreg reads them: a checkpoint without its backend, a byte order mark.
READ_ALL_THE_SAME = {"checkpoint-file": "version-4", "bom": "inputs-outputs-differ"}
ASKED = sorted(STATES.glob("*.requests.jsonl"))
REFUSED = sorted(p for p in STATES.glob("*.refused.txt") if p.name.split(".")[0] not in READ_ALL_THE_SAME)

STACK = "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev"
BUCKET = "urn:pulumi:dev::p::demo:index:Bucket::a"


def state_of(*resources: Any, **more: Any) -> bytes:
    """A deployment of version 3 with these resources."""
    return json.dumps({"version": 3, "deployment": {"resources": resources}, **more}).encode()


def said_of(data: bytes) -> str:
    """What is said of a state that is refused."""
    with pytest.raises(InvalidState) as refused:
        read_state(data, "state.json")
    assert refused.value.exit_code == 4
    return str(refused.value)


@pytest.mark.parametrize("path", ASKED, ids=lambda path: path.name.split(".")[0])
def test_a_state_is_asked_about_as_the_cli_does(path: Path) -> None:
    """The same requests in the same order, value by value."""
    file = path.with_name(path.name.replace(".requests.jsonl", ".json"))
    snapshot = read_state(file.read_bytes(), file.name)
    assert requests_of(snapshot) == recorded(path)
    assert snapshot.is_empty == (path.read_text() == "")


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.name.split(".")[0])
def test_a_state_that_the_cli_refuses_is_refused(path: Path) -> None:
    """What cannot be read is no verdict; the message names the file."""
    file = path.with_name(path.name.replace(".refused.txt", ".json"))
    with pytest.raises(InvalidState, match=file.name):
        read_state(file.read_bytes(), file.name)


@pytest.mark.parametrize(("name", "same"), READ_ALL_THE_SAME.items())
def test_two_files_that_the_cli_refuses_are_read(name: str, same: str) -> None:
    """Their resources are those of another recorded file, and so are the requests."""
    snapshot = read_state((STATES / f"{name}.json").read_bytes(), f"{name}.json")
    assert requests_of(snapshot) == recorded(STATES / f"{same}.requests.jsonl")


@pytest.mark.parametrize(
    ("file", "passphrase", "recording"),
    [
        ("state.json", "x", "state-analyze"),
        ("state-secrets-shown.json", None, "state-analyze"),
        ("state.json", "wrong", "state-analyze-wrong-passphrase"),
        ("state.json", None, "state-analyze-wrong-passphrase"),
    ],
)
def test_a_programs_state_is_asked_about_as_the_cli_does(
    file: str, passphrase: str | None, recording: str
) -> None:
    """Secrets are decrypted with the right passphrase, and are the text "[secret]" without it."""
    snapshot = read_state((PROGRAM / file).read_bytes(), file, passphrase=passphrase)
    assert requests_of(snapshot) == recorded(PROGRAM / f"{recording}.requests.jsonl")


def test_hidden_secrets_are_counted_and_the_reason_is_said() -> None:
    """Nobody may take a verdict over hidden values for one over the real ones."""
    data = (PROGRAM / "state.json").read_bytes()
    assert [str(note) for note in read_state(data, "s.json").notes] == [
        "s.json: 10 secret values could not be decrypted: no passphrase was given "
        '(PULUMI_CONFIG_PASSPHRASE); policies see the text "[secret]" instead [hidden-secrets]'
    ]
    assert "not the one" in str(read_state(data, "s.json", passphrase="y").notes[0])
    assert read_state(data, "s.json", passphrase="x").notes == ()


def test_the_secrets_that_were_revealed_are_known() -> None:
    """Reports can keep them out."""
    snapshot = read_state((PROGRAM / "state.json").read_bytes(), "s.json", passphrase="x")
    assert {"tok", "hunter2", "t-secret", "42"} <= snapshot.known_secrets


def test_a_checkpoint_holds_the_same_as_the_export() -> None:
    """The backend's own file, packed or not, is as good as what the CLI prints of it."""
    data = (PROGRAM / "checkpoint.json").read_bytes()
    export = json.dumps({"version": 3, "deployment": json.loads(data)["checkpoint"]["latest"]}).encode()
    asked = requests_of(read_state(export, "export.json"))
    assert requests_of(read_state(data, "c.json")) == asked
    assert requests_of(read_state(unpacked(gzip.compress(data), "c.json.gz"), "c.json.gz")) == asked
    assert len(asked) == 21


def test_the_order_of_members_does_not_matter() -> None:
    """Tools that sort members put the version and the secrets provider behind the resources."""
    data = (PROGRAM / "state.json").read_bytes()
    backwards = json.dumps(
        json.loads(data, object_pairs_hook=lambda pairs: dict(reversed(pairs))), ensure_ascii=False
    ).encode()
    asked = requests_of(read_state(backwards, "b.json", passphrase="x"))
    assert asked == recorded(PROGRAM / "state-analyze.requests.jsonl")


def test_a_checkpoint_of_an_empty_stack_has_nothing_to_analyze() -> None:
    """It is said, not passed over."""
    snapshot = read_state(b'{"version": 3, "checkpoint": {"stack": "organization/p/dev"}}', "c.json")
    assert requests_of(snapshot) == []
    assert [note.code for note in snapshot.notes] == ["nothing-to-analyze"]


def test_only_deleted_resources_are_nothing_to_analyze_either() -> None:
    """Stack policies still get their say over no resources, as in the CLI, and it is said."""
    gone = {"urn": BUCKET, "type": "demo:index:Bucket", "delete": True}
    snapshot = read_state(state_of(gone), "s.json")
    assert requests_of(snapshot) == [("AnalyzeStack", {"resources": []})]
    assert [note.code for note in snapshot.notes] == ["nothing-to-analyze"]


def test_old_versions_lack_what_they_did_not_have() -> None:
    """Version 1 has no providers; before 3 each property depends on all dependencies, as the CLI migrates."""
    provider = {"urn": "urn:pulumi:dev::p::pulumi:providers:demo::d", "type": "pulumi:providers:demo"}
    resource = {
        "urn": BUCKET,
        "type": "demo:index:Bucket",
        "inputs": {"x": 1},
        "provider": provider["urn"] + "::id",
        "dependencies": [STACK],
        "protect": True,
        "ignoreChanges": ["x"],
        "propertyDependencies": {"y": [STACK]},
    }
    for version, has_provider in ((1, False), (2, True)):
        data = json.dumps({"version": version, "deployment": {"resources": [provider, resource]}}).encode()
        rpc, request = requests_of(read_state(data, "s.json"))[-1]
        bucket = request["resources"][1]
        assert rpc == "AnalyzeStack"
        assert ("provider" in bucket) == has_provider
        assert bucket["options"] == {"protect": True, "customTimeouts": {}}
        assert bucket["propertyDependencies"] == {"x": {"urns": [STACK]}}


def test_a_checkpoint_from_before_versions_is_read() -> None:
    """The oldest form has the deployment at the top."""
    resource = {"urn": STACK, "type": "pulumi:pulumi:Stack"}
    snapshot = read_state(json.dumps({"stack": "dev", "latest": {"resources": [resource]}}).encode(), "c")
    assert [resource.urn for resource in snapshot] == [STACK]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"[]", "not a JSON object"),
        (b"{}", "no deployment and no checkpoint"),
        (b'{"version": 3}', "no deployment and no checkpoint"),
        (b'{"deployment": {}}', "no version"),
        (b'{"version": "3", "deployment": {}}', "no version"),
        (b'{"version": 3.5, "deployment": {}}', "no version"),
        (b'{"version": 0, "deployment": {}}', "the oldest known is 1"),
        (b'{"version": 3, "deployment": {}, "checkpoint": {}}', "both a deployment and a checkpoint"),
        (b'{"version": 3, "deployment": []}', "state.json:1:30 is not the JSON it should be: an object"),
        (b'{"version": 3, "deployment": {"resources": {}}}', "a list should be here"),
        (
            b'{"version": 4, "features": ["x"], "deployment": {}}',
            "unknown features of Pulumi's state format: 'x'",
        ),
        (b'{"version": 4, "features": "x", "deployment": {}}', "features must be a list"),
        (b'{"version": 3, "version": 3, "deployment": {}}', "'version' is given twice"),
        (b'{"version": 3, "deployment": {}} x', "goes on after its end"),
        (b"\xff\xfe{\x00}\x00", "UTF-16"),
        (b"  \n", "state.json is empty"),
        (state_of(1), "deployment.resources[0] is not an object"),
        (state_of({}), "deployment.resources[0] has no urn"),
        (state_of({"urn": STACK}), "has no type"),
        (state_of({"urn": 1, "type": "t"}), "deployment.resources[0].urn must be text"),
        (state_of({"urn": STACK, "type": "t", "delete": "yes"}), ".delete must be true or false"),
        (state_of({"urn": STACK, "type": "t", "id": "x"}), "has an id although it is not a custom resource"),
        (state_of({"urn": STACK, "type": "t", "dependencies": "x"}), ".dependencies must be a list of texts"),
        (
            state_of({"urn": STACK, "type": "t", "propertyDependencies": {"p": [1]}}),
            "deployment.resources[0].propertyDependencies.p must be a list of texts",
        ),
        (
            state_of({"urn": STACK, "type": "t", "customTimeouts": {"create": "1"}}),
            ".customTimeouts.create must",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(data: bytes, said: str) -> None:
    """File, path and what is expected: enough to find the place in a file of a million lines."""
    message = said_of(data)
    assert said in message
    assert message.startswith("state.json")


def test_a_preview_given_as_a_state_is_recognised() -> None:
    """The most likely mistake gets the most helpful hint."""
    with pytest.raises(InvalidState) as refused:
        read_state((PROGRAM / "create-preview.json").read_bytes(), "p.json")
    assert "preview" in refused.value.hint
