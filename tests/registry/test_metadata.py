"""The metadata of a record: kept as the pack said it, and hostile until checked."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from packreg.errors import IntegrityError, InvalidPack
from packreg.pack.metadata import Framework, InitialSetting, PackInfo, PolicyInfo, Schema
from packreg.pack.version import Version
from packreg.registry.publish import make_record
from packreg.registry.record import Record, Source

from .packs import NOW, bundle, pack, record

V1 = Version("1.0.0")
INFO = PackInfo(
    name="guard",
    version="0.0.1",
    policies=(
        PolicyInfo("plain", "advisory"),
        PolicyInfo(
            "whole",
            "mandatory",
            type="resource",
            display_name="Whole",
            description="First line.\n\nSecond one.",
            message="no",
            severity="high",
            framework=Framework("CIS", "1.4", "2.1", "storage"),
            tags=("storage", "cost"),
            remediation_steps="1. Do it.\n2. Again.",
            url="https://example.org/whole",
            schema=Schema({"days": {"type": "integer", "minimum": 1.5, "enum": ["a\nb"]}}, ("days",)),
        ),
    ),
    display_name="Guard",
    description="Keeps buckets private.",
    readme="# Guard\n",
    provider="demo",
    repository="https://example.org/guard",
    tags=("storage",),
    supports_config=True,
    initial={"all": InitialSetting("advisory"), "whole": InitialSetting("remediate", {"days": 3.0})},
    sdk="1.20.0",
)


def edited(edit: Callable[[dict[str, Any]], object]) -> bytes:
    """The bytes of a good record after an edit of its metadata."""
    members = record()._replace(metadata=INFO).as_json()
    edit(members["metadata"])
    return json.dumps(members).encode()


def test_metadata_is_read_back_as_it_was_written() -> None:
    """Every member survives, with line ends in texts and exact values in schemas."""
    wrote = record()._replace(metadata=INFO)
    assert Record.decode(wrote.encode(), "guard", V1) == wrote


def test_a_record_without_metadata_has_none() -> None:
    """Records of older versions of packreg, and of packs that were not run, can be read."""
    members = record().as_json()
    del members["metadata"]
    assert Record.decode(json.dumps(members).encode(), "guard", V1).metadata is None


def test_unknown_members_are_ignored() -> None:
    """A newer packreg may say more of a pack and of a policy."""

    def add(metadata: dict[str, Any]) -> None:
        metadata["more"] = 1
        metadata["policies"][0]["more"] = 1

    assert Record.decode(edited(add), "guard", V1).metadata == INFO


HOSTILE: dict[str, Callable[[dict[str, Any]], object]] = {
    "no name": lambda m: m.update(name=""),
    "no policies": lambda m: m.pop("policies"),
    "policies are texts": lambda m: m.update(policies=["plain"]),
    "a policy without a level": lambda m: m["policies"][0].pop("level"),
    "an unknown level": lambda m: m["policies"][0].update(level="fatal"),
    "an unknown type": lambda m: m["policies"][0].update(type="galaxy"),
    "an unknown severity": lambda m: m["policies"][0].update(severity="dire"),
    "two of one name": lambda m: m["policies"][0].update(name="whole"),
    "a policy called all": lambda m: m["policies"][0].update(name="all"),
    "a name that moves the cursor": lambda m: m["policies"][0].update(name="a\x1b[2Jb"),
    "a name in reverse": lambda m: m["policies"][0].update(name="a\u202eb"),
    "a schema that is a list": lambda m: m["policies"][1].update(schema=[]),
    "required names that are numbers": lambda m: m["policies"][1]["schema"].update(required=[1]),
    "a description that is a list": lambda m: m.update(description=[]),
    "a description without end": lambda m: m.update(description="x" * 300_000),
    "tags without end": lambda m: m.update(tags=["x"] * 1001),
    "configuration that is neither": lambda m: m.update(supports_config=1),
    "a setting without a level": lambda m: m["initial"].update(plain={"properties": {}}),
    "a setting at no level": lambda m: m["initial"]["all"].update(level=""),
    "a setting for no name": lambda m: m["initial"].update({"a\nb": {"level": "advisory", "properties": {}}}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_metadata_that_cannot_be_trusted_is_refused(name: str) -> None:
    """Each damage is an integrity error that names the record and nothing a terminal obeys."""
    with pytest.raises(IntegrityError, match=r"^packs/guard/v/1\.0\.0 cannot be trusted: metadata") as caught:
        Record.decode(edited(HOSTILE[name]), "guard", V1)
    assert str(caught.value).isprintable()


def published(info: PackInfo) -> Record:
    """The record that publishing writes with this metadata."""
    return make_record(
        pack(),
        bundle(),
        lock=None,
        source=Source(),
        publisher="ann",
        published=NOW,
        tool="packreg 0",
        attempt="attempt-1",
        metadata=info,
    )


def test_texts_are_made_printable_and_keep_their_lines() -> None:
    """What a terminal would obey is gone before it is published; paragraphs are not."""
    info = PackInfo("guard", "0.0.1", (), description="red\x1b[31m\r\nand \u202ereversed\tend")
    metadata = published(info).metadata
    assert metadata is not None
    assert metadata.description == "red\nand \\u202ereversed end"


def test_metadata_that_no_reader_would_accept_is_refused_before_anything_is_written() -> None:
    """More than a record holds is the author's to mend, and the hint says what is too large."""
    policies = tuple(PolicyInfo(f"policy-{n}", "advisory", description="x" * 100_000) for n in range(50))
    with pytest.raises(InvalidPack, match="more than 4194304") as caught:
        published(PackInfo("guard", "0.0.1", policies))
    assert "describes the pack's policies" in caught.value.hint
