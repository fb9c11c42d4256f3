"""The resources of a file: what holds for all of them together, and what holding them costs."""

from __future__ import annotations

import json
import random
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packreg.analyzer.requests import resource_requests, stack_resources
from packreg.errors import InvalidState
from packreg.states import json_text
from packreg.states.preview import read_preview
from packreg.states.resources import read_resources
from packreg.states.snapshot import Snapshot, without_internal
from packreg.states.state import read_state
from packreg.states.values import ARCHIVE, ASSET, SECRET, SIGNATURE
from tests.states.recordings import PROGRAM, requests_of

STACK = "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev"
PROVIDER = "urn:pulumi:dev::p::pulumi:providers:demo::main"


def resource(name: str, **more: Any) -> dict[str, Any]:
    """A resource of a state."""
    return {"urn": f"urn:pulumi:dev::p::demo:index:Bucket::{name}", "type": "demo:index:Bucket", **more}


def state_of(*resources: dict[str, Any]) -> bytes:
    """A deployment with these resources."""
    return json.dumps({"version": 3, "deployment": {"resources": resources}}).encode()


def snapshot_of(*resources: dict[str, Any]) -> Snapshot:
    """The snapshot of a deployment with these resources."""
    return read_state(state_of(*resources), "s.json")


def test_a_urn_that_stands_twice_is_two_resources() -> None:
    """Each is judged, as by the Pulumi CLI, and a note says which; one that is pending deletion is none."""
    twice = snapshot_of(resource("a"), resource("a", inputs={"x": 1}), resource("b"), resource("b"))
    assert len(twice) == twice.size == len(list(twice)) == 4
    [note] = [note for note in twice.notes if note.code == "duplicate-urn"]
    assert note.message.startswith(f"{resource('a')['urn']} stands in it twice (and 1 more)")
    gone = resource("a", delete=True)
    once = snapshot_of(gone, resource("a"), gone)
    assert len(once) == 1
    assert "duplicate-urn" not in [note.code for note in once.notes]


@pytest.mark.parametrize("ring", [["a"], ["a", "b"], ["a", "b", "c", "d"]])
def test_parents_cannot_form_a_ring(ring: list[str]) -> None:
    """Whoever walks up from a resource must arrive."""
    names = [resource(name)["urn"] for name in ring]
    resources = [resource(name, parent=names[i - 1]) for i, name in enumerate(ring)]
    with pytest.raises(InvalidState, match="is its own ancestor"):
        snapshot_of(resource("x", parent=names[0]), *resources)


def test_a_long_line_of_parents_is_fine() -> None:
    """A hundred thousand generations are no ring and no stack overflow; a missing parent is none either."""
    line = [resource(f"r{i}", parent=resource(f"r{i + 1}")["urn"]) for i in range(20_000)]
    assert len(snapshot_of(*line)) == 20_000


def test_findings_about_the_stack_belong_to_a_live_resource_or_the_root() -> None:
    """As the Pulumi CLI attributes them: to what the finding names when it is there and lives."""
    root = {"urn": STACK, "type": "pulumi:pulumi:Stack"}
    gone = resource("gone", delete=True)
    snapshot = snapshot_of(resource("a"), gone, root)
    assert snapshot.attribute(resource("a")["urn"]) == resource("a")["urn"]
    assert snapshot.attribute(gone["urn"]) == STACK
    assert snapshot.attribute("") == STACK
    assert snapshot.attribute("urn:pulumi:other::p::t::x") == STACK


def test_a_stack_without_a_root_resource_gets_its_name() -> None:
    """The root's URN follows from any other one."""
    snapshot = snapshot_of(resource("a"))
    assert snapshot.root == STACK
    assert (snapshot.stack, snapshot.project) == ("dev", "p")
    empty = snapshot_of()
    assert (empty.root, empty.stack, empty.project) == ("", "", "")


def test_a_provider_is_found_wherever_it_stands() -> None:
    """Also behind the resources that use it; its internal properties are not shown."""
    provider = {
        "urn": PROVIDER,
        "type": "pulumi:providers:demo",
        "inputs": {"region": "eu", "__internal": 1},
        "outputs": {"region": "other"},
    }
    snapshot = snapshot_of(resource("a", provider=f"{PROVIDER}::id"), provider)
    (bucket, _) = snapshot
    assert snapshot.provider(bucket) == {
        "urn": PROVIDER,
        "type": "pulumi:providers:demo",
        "name": "main",
        "properties": {"region": "eu"},
    }


@pytest.mark.parametrize("reference", ["x", "::", f"{STACK}::id", PROVIDER, f"{PROVIDER}2::id"])
def test_a_reference_to_no_provider_is_none(reference: str) -> None:
    """A malformed reference and a missing provider are no error, as in the CLI; the latter is said."""
    snapshot = snapshot_of(resource("a", provider=reference))
    (bucket,) = snapshot
    assert snapshot.provider(bucket) is None
    codes = {note.code for note in snapshot.notes}
    assert codes == ({"missing-providers"} if reference.endswith("2::id") else set())


def test_requests_of_a_snapshot_can_be_made_again() -> None:
    """Several packs are asked about the same snapshot, one after another."""
    snapshot = read_state((PROGRAM / "state.json").read_bytes(), "s.json", passphrase="x")
    assert requests_of(snapshot) == requests_of(snapshot)


def test_names_in_a_file_cannot_forge_lines_of_output() -> None:
    """A property's name reaches the message without its control characters."""
    data = state_of(resource("a\x1b[2J\n", inputs={"x\n\x1b[31mok": {"4dabf18193072939515e22adb298388d": 1}}))
    with pytest.raises(InvalidState) as refused:
        read_state(data, "s.json")
    assert str(refused.value).isprintable()


def test_a_large_state_is_not_held_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the file's bytes, reading and asking take a small fraction of what a tree of it takes."""
    monkeypatch.setattr(json_text, "WINDOW", 16 * 1024)  # a constant, which a small file would not outgrow
    properties = {
        "name": "x" * 200,
        "tags": {f"k{i}": f"value-{i}" for i in range(20)},
        "list": list(range(50)),
    }
    data = state_of(*(resource(f"r{i}", inputs=properties, outputs=properties) for i in range(500)))

    def peak_of(use: Any) -> int:
        tracemalloc.start()
        try:
            use()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    def use() -> None:
        snapshot = read_state(data, "s.json")
        assert sum(1 for _ in resource_requests(snapshot)) == 500
        assert sum(1 for _ in stack_resources(snapshot)) == 500

    tree = peak_of(lambda: json.loads(data))
    assert peak_of(use) < min(tree / 10, len(data) / 4)


FILES = [
    (read_state, (PROGRAM / "state-secrets-shown.json").read_bytes()),
    (read_state, (PROGRAM / "checkpoint.json").read_bytes()),
    (read_preview, (PROGRAM / "update-preview-sames.json").read_bytes()),
]
junk = st.recursive(
    st.none() | st.booleans() | st.floats(-1e9, 1e9) | st.text(max_size=5) | st.just("urn:pulumi:a::b::c::d"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=3) | st.just("4dabf18193072939515e22adb298388d"), inner, max_size=3
        )
    ),
    max_leaves=6,
)


def with_junk(value: Any, new: Any, choose: random.Random) -> Any:
    """The same JSON with one part of it replaced."""
    if isinstance(value, dict) and value and choose.random() < 0.95:
        name = choose.choice(sorted(value))
        return {**value, name: with_junk(value[name], new, choose)}
    if isinstance(value, list) and value and choose.random() < 0.95:
        index = choose.randrange(len(value))
        return [*value[:index], with_junk(value[index], new, choose), *value[index + 1 :]]
    return new


@settings(max_examples=200)
@given(st.sampled_from(FILES), junk, st.randoms(use_true_random=False))
def test_a_damaged_file_is_read_or_refused(file: Any, new: Any, choose: random.Random) -> None:
    """Whatever a part of a file is replaced by, it ends in requests that protobuf takes, or in one error."""
    read, data = file
    damaged = json.dumps(with_junk(json.loads(data), new, choose)).encode()
    try:
        snapshot = read(damaged, "f.json")
    except InvalidState as error:
        assert str(error).startswith("f.json")
        return
    json.dumps(requests_of(snapshot)).encode()


@given(st.lists(st.dictionaries(st.sampled_from(["type", "name", "urn", "properties"]), junk), max_size=3))
def test_a_damaged_list_is_read_or_refused(objects: list[dict[str, Any]]) -> None:
    """The same for resource lists."""
    try:
        snapshot = read_resources("\n".join(map(json.dumps, objects)).encode(), "f.jsonl")
    except InvalidState as error:
        assert str(error).startswith("f.jsonl")
        return
    requests_of(snapshot)


def test_the_engines_own_properties_are_left_out_at_every_level() -> None:
    """In maps, lists and secrets; the files of an archive keep their names."""
    archive = {SIGNATURE: ARCHIVE, "assets": {"__init__.py": {SIGNATURE: ASSET, "text": "x"}}}
    secret = {SIGNATURE: SECRET, "value": {"__defaults": [], "a": 1.0}}
    given = {"__meta": 1.0, "list": [{"__defaults": [], "b": "__c"}], "secret": secret, "code": archive}
    assert without_internal(given) == {
        "list": [{"b": "__c"}],
        "secret": {SIGNATURE: SECRET, "value": {"a": 1.0}},
        "code": archive,
    }
