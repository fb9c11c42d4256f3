"""The text of governance: what is written is what is read, and nothing else is accepted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from packreg.errors import IntegrityError, StoreRefused, UsageError
from packreg.groups.document import Change, decode, default_groups, encode, nothing_written
from packreg.groups.model import DEFAULT_AUDIT, DEFAULT_PREVENTATIVE, About, Governance
from tests.groups.governance import NOW, entry, governances, governed, group

CASES = json.loads((Path(__file__).parent / "cases" / "governance.json").read_text("utf-8"))
CHANGE = Change("Ada <ada@acme.io>", NOW, "enable guard in prod")


@given(governances())
def test_what_is_written_is_what_is_read(governance: Governance) -> None:
    """Any governance comes back from its text as it was, and the same governance has the same text."""
    text = encode(governance, CHANGE)
    found = decode(text, governance.revision, "governance/1")
    assert found.governance == governance
    assert found.change == CHANGE
    assert encode(found.governance, CHANGE) == text


def test_before_anybody_writes_there_are_the_default_groups() -> None:
    """Without a revision the two defaults govern, of which only the audit group takes accounts."""
    governance = nothing_written().governance
    assert governance.revision == 0
    assert {name: (each.mode, set(each.kinds)) for name, each in governance.groups.items()} == {
        DEFAULT_PREVENTATIVE: ("preventative", {"stack"}),
        DEFAULT_AUDIT: ("audit", {"stack", "account"}),
    }


def test_a_default_group_that_is_not_written_is_there() -> None:
    """A revision without the default groups has them all the same."""
    text = json.dumps({"format": 1, "changed": CHANGE_JSON, "groups": {}, "waivers": {}, "settings": {}})
    assert decode(text.encode(), 7, "x").governance == Governance(7, default_groups())


CHANGE_JSON = {"by": "Ada", "at": NOW, "what": "x"}
WHOLE: dict[str, Any] = {
    "format": 1,
    "changed": CHANGE_JSON,
    "groups": {
        "prod": {
            "mode": "preventative",
            "kinds": ["stack"],
            "stacks": ["*/prod"],
            "tags": ["env=prod"],
            "packs": {
                "guard": {
                    "version": "^1.2",
                    "modified": NOW,
                    "config": {"all": "mandatory", "regions": {"allowed": ["eu-west-1"]}},
                    "environments": ["prod"],
                }
            },
        }
    },
    "waivers": {
        "w1": {
            "pack": "guard",
            "policy": "no-public",
            "entity": "web/prod",
            "owner": "Ada",
            "reason": "a website",
            "expires": "2026-12-31T23:59:59Z",
            "created": "2026-08-01T12:00:00Z",
        }
    },
    "settings": {"strict_conflicts": True, "unwaivable": ["guard:*"]},
}


def test_the_whole_form_is_read() -> None:
    """The form that the refused cases are variations of is one that is accepted."""
    assert (
        decode(json.dumps(WHOLE).encode(), 1, "x").governance.groups["prod"].packs["guard"].version == "^1.2"
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_what_was_not_written_by_packreg_is_refused(case: dict[str, Any]) -> None:
    """A document with one thing wrong is refused with the place, and never half read."""
    text = json.loads(json.dumps(WHOLE))
    *path, last = case["at"]
    inner = text
    for step in path:
        inner = inner[step]
    inner[last] = case["value"]
    with pytest.raises((IntegrityError, StoreRefused)) as refused:
        decode(json.dumps(text).encode(), 1, "governance/x.json")
    assert str(refused.value).startswith("governance/x.json")
    assert case["says"] in str(refused.value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"format": 1' + b"0" * 500_000 + b"}",
        b'{"format": 1, "format": 1}',
        b"{" + b" " * (5 * 2**20) + b"}",
    ],
    ids=["empty", "null", "list", "bytes", "deep", "number", "twice", "huge"],
)
def test_what_is_no_object_is_refused(data: bytes) -> None:
    """Bytes that are no JSON object of a bearable size and depth are an integrity error."""
    with pytest.raises(IntegrityError):
        decode(data, 1, "governance/x.json")


def test_what_could_not_be_read_is_not_written() -> None:
    """Writing checks with the reader's own rules, so nobody writes a revision that stops everybody."""
    with pytest.raises(UsageError, match="cannot be kept"):
        encode(governed(group("prod", entry("guard", "sha256:" + "0" * 64))), CHANGE)
    deep: Any = "x"
    for _ in range(70):
        deep = [deep]
    with pytest.raises(UsageError, match="deeper"):
        encode(governed(group("prod", entry("guard", config={"p": {"x": deep}}))), CHANGE)
    lone = governed(group("prod", entry("guard", config={"p": {"x": "\ud800"}})))
    with pytest.raises(UsageError):
        encode(lone, CHANGE)


def test_what_a_group_says_of_itself_is_optional() -> None:
    """A group that says nothing of itself is written as ever, so an older packreg reads the same bytes."""
    plain = json.loads(encode(governed(group("prod")), CHANGE))["groups"]["prod"]
    assert plain == {"mode": "preventative", "kinds": ["stack"], "packs": {}}
    owned = governed(group("prod", about=About("platform", "#platform")))
    told = json.loads(encode(owned, CHANGE))["groups"]["prod"]
    assert told == {**plain, "owner": "platform", "contact": "#platform"}
    assert "needs" not in json.loads(encode(owned, CHANGE))


def test_two_hundred_groups_of_fifty_packs_fit() -> None:
    """An organization of this size, with configuration in every entry, stays below the chain's limit."""
    config = {"all": "mandatory", "allowed-regions": {"regions": ["eu-west-1", "eu-central-1"]}}
    packs = [entry(f"pack-{number}", "^1.2", config=config) for number in range(50)]
    governance = governed(*(group(f"team-{number}", *packs, stacks=("web/prod",)) for number in range(200)))
    assert len(json.dumps(encode(governance, CHANGE).decode(), ensure_ascii=False)) < 3 * 2**20
