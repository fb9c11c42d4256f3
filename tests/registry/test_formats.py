"""How objects grow: the first format stays readable, unknown members are skipped and kept, needs stop."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from packreg.environments.stored import Environments
from packreg.errors import IntegrityError, StoreRefused
from packreg.groups import editing
from packreg.groups.document import decode, encode
from packreg.groups.merging import next_revision
from packreg.groups.model import DEFAULT_GROUPS
from packreg.pack.version import Version
from packreg.registry import formats
from packreg.registry.notices import Notice
from packreg.registry.record import Record
from packreg.registry.settings import RegistrySettings
from packreg.reports.stored import StoredReport
from packreg.store.chain import Chain
from packreg.store.local import LocalBucket
from packreg.store.memory import MemoryBucket
from packreg.store.store import Store

from .packs import NOW, S3, registry

#: A registry as the first packreg wrote it, and a lock. Written once; nothing in it may ever be changed.
FORMAT_1 = Path(__file__).parent / "cases" / "format-1"
KEYS = sorted(
    path.relative_to(FORMAT_1 / "registry").as_posix()
    for path in (FORMAT_1 / "registry").rglob("*")
    if path.is_file()
)
_RELEASE = re.compile(r"packs/([^/]+)/[vxy]/([^/]+)")

Reader = Callable[[bytes], object]


def reader(key: str) -> Reader:
    """What reads the object at a key, or the value of the revision there."""
    if key == "registry.json":
        return RegistrySettings.decode
    if key.startswith("governance/"):
        return lambda data: replace(decode(data, 1, key).governance, unknown={})
    if key.startswith("environments/"):
        return lambda data: _environment(data, key.split("/")[2])
    if key.startswith("reports/"):
        return lambda data: StoredReport.decode(gzip.compress(data), key)
    release = _RELEASE.match(key)
    assert release is not None
    name, version = release[1], Version(release[2])
    if "/v/" in key:
        return lambda data: Record.decode(data, name, version)
    return lambda data: Notice.decode(data, key, name, version)


def _environment(data: bytes, kind: str) -> object:
    bucket = MemoryBucket()
    Chain(Store(bucket), f"environments/x/{kind}").append(lambda _: data, attempt_id="a")
    found = Environments(registry(bucket, location=S3), now=lambda: NOW, new_id=lambda: "b")
    if kind == "t":
        return replace(found.tags("x"), unknown={})
    newest = found.newest("x")
    assert newest is not None
    return replace(newest, unknown={})


def members_at(key: str) -> dict[str, Any]:
    """The members of the object at a key, or of the value of the revision there."""
    data = (FORMAT_1 / "registry" / key).read_bytes()
    if key.startswith("reports/"):
        data = gzip.decompress(data)
    found: dict[str, Any] = json.loads(data)
    if key.startswith(("governance/", "environments/")):
        found = json.loads(found["value"])
    return found


JSON_KEYS = [key for key in KEYS if not key.startswith(("bundles/", ".packreg/"))]


@pytest.mark.parametrize("key", JSON_KEYS)
def test_every_object_of_the_first_format_is_read(key: str) -> None:
    """Each kind of object that the first packreg wrote is accepted as it is, for ever."""
    assert members_at(key)["format"] == 1
    reader(key)(json.dumps(members_at(key)).encode())


def test_every_kind_of_object_is_among_them() -> None:
    """The case holds all that a registry can hold, so that no kind is forgotten."""
    tops = {key.split("/")[0] for key in KEYS}
    assert tops == {".packreg", "bundles", "environments", "governance", "packs", "registry.json", "reports"}
    letters = {key.split("/")[2] for key in KEYS if key.startswith(("packs/", "environments/"))}
    assert letters == {"v", "x", "y", "r", "t"}


@pytest.mark.parametrize("key", JSON_KEYS)
def test_members_of_a_newer_packreg_are_skipped(key: str) -> None:
    """An object with one more member, at its top, means the same to a reader that does not know it."""
    members = members_at(key)
    more = {**members, "newer": {"deep": [1, None, "x"]}}
    assert reader(key)(json.dumps(more).encode()) == reader(key)(json.dumps(members).encode())


@pytest.mark.parametrize("key", JSON_KEYS)
def test_what_an_object_needs_and_is_not_known_stops_its_reader(key: str) -> None:
    """Whatever kind of object: the reader says which feature it lacks, and does not call it damaged."""
    members = {**members_at(key), "format": 2, "needs": ["seals"]}
    with pytest.raises(StoreRefused, match="needs 'seals', which this packreg does not know") as stopped:
        reader(key)(json.dumps(members).encode())
    assert stopped.value.hint == "upgrade packreg"
    with pytest.raises(StoreRefused, match="seals"):  # the list counts, whatever the number says
        reader(key)(json.dumps({**members, "format": 1}).encode())
    with pytest.raises(IntegrityError, match="needs"):
        reader(key)(json.dumps({**members, "needs": "seals"}).encode())
    with pytest.raises(StoreRefused, match="format 3"):
        reader(key)(json.dumps({**members, "format": 3}).encode())


def test_the_whole_registry_of_the_first_format_is_proved() -> None:
    """`verify` finds nothing wrong in it: records, bundles, notices, chains."""
    bucket = LocalBucket(str(FORMAT_1 / "registry"))
    findings = list(registry(bucket).verify())
    assert [finding for finding in findings if finding.level != "ok"] == []
    assert len(findings) == 9


GOVERNANCE = "governance/999999999991.json"
#: Everywhere that governance has an object that is not free: the place, and the members there.
PLACES: dict[str, tuple[str, ...]] = {
    "top": (),
    "settings": ("settings",),
    "group": ("groups", "prod"),
    "default group": ("groups", DEFAULT_GROUPS[0]),
    "entry": ("groups", "prod", "packs", "opa_guard"),
    "waiver": ("waivers", "w-bdf7f179"),
}


def newer_governance(*places: tuple[str, ...]) -> bytes:
    """Governance with a member that only a newer packreg knows at these places, and in `changed`."""
    members = members_at(GOVERNANCE)
    for place in (*places, ("changed",)):
        inner = members
        for name in place:
            inner = inner[name]
        inner["newer"] = {"since": [2, "x"]}
    return json.dumps(members).encode()


def written_again(data: bytes, edit: Callable[[Any], Any]) -> dict[str, Any]:
    """The members of the revision that an edit on top of this one makes."""
    there = decode(data, 8, "x")
    edited = edit(there.governance)
    made = next_revision(there, there.governance, edited, now=there.change.at, by="Ann", what="edit")  # type: ignore[union-attr]
    assert made is not None
    assert made.change is not None
    found: dict[str, Any] = json.loads(encode(made.governance, made.change))
    return found


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_an_edit_keeps_what_a_newer_packreg_wrote(place: tuple[str, ...]) -> None:
    """Who edits governance with an older packreg drops nothing of what a newer one said there."""
    data = newer_governance(place)
    made = written_again(data, lambda governance: editing.disable(governance, "cloud", "python-guard"))
    assert "newer" not in made["changed"], "it told of another change"
    for name in place:
        made = made[name]
    assert made["newer"] == {"since": [2, "x"]}


def test_an_edit_of_the_thing_itself_keeps_it_too() -> None:
    """A new version of an entry, a new name of a group, other settings: what is beside stays."""

    def edit(governance: Any) -> Any:
        entry = replace(governance.groups["prod"].packs["opa_guard"], version="latest")
        governance = editing.enable(governance, "prod", entry)
        governance = editing.set_rules(governance, replace(governance.rules, strict_conflicts=False))
        return editing.rename_group(governance, "prod", "production")

    made = written_again(newer_governance(*PLACES.values()), edit)
    group = made["groups"]["production"]
    assert group["newer"] == group["packs"]["opa_guard"]["newer"] == {"since": [2, "x"]}
    assert made["settings"] == {"unwaivable": ["python-guard:*"], "newer": {"since": [2, "x"]}}


def test_what_is_taken_away_takes_it_along() -> None:
    """What a newer packreg said of a group that is no more goes with the group."""
    made = written_again(
        newer_governance(*PLACES.values()), lambda governance: editing.remove_group(governance, "prod")
    )
    assert "prod" not in made["groups"]
    assert made["newer"] == {"since": [2, "x"]}


@pytest.fixture
def seals() -> Iterator[str]:
    """A feature that this packreg knows."""
    formats.FEATURES["seals"] = "9.9.0"
    yield "seals"
    del formats.FEATURES["seals"]


def test_the_number_is_raised_by_the_first_feature_only(seals: str) -> None:
    """Governance has format 1 until something in it needs a feature, which no edit forgets."""
    assert written_again(newer_governance(), lambda each: editing.remove_group(each, "prod"))["format"] == 1
    needy = replace(decode(newer_governance(), 8, "x").governance, needs=frozenset({seals}))
    made = written_again(
        newer_governance(), lambda each: replace(editing.remove_group(each, "prod"), needs=needy.needs)
    )
    assert (made["format"], made["needs"]) == (2, ["seals"])
    again = written_again(json.dumps(made).encode(), lambda each: editing.remove_group(each, "cloud"))
    assert (again["format"], again["needs"]) == (2, ["seals"])


def test_environments_and_their_tags_keep_it() -> None:
    """A new definition, and a tag that moves, drop nothing that a newer packreg wrote beside them."""
    bucket = MemoryBucket()
    registry(bucket).init()
    ids = iter("abcdefgh")
    found = Environments(registry(bucket, location=S3), now=lambda: NOW, new_id=lambda: next(ids))
    for kind in "rt":
        key = f"environments/prod/{kind}/999999999998.json"
        members = {**members_at(key), "newer": [1], "changed": {"why": "x"}}
        data = json.dumps(members).encode()
        Chain(Store(bucket), f"environments/prod/{kind}").append(lambda _: data, attempt_id="x")  # noqa: B023
    found.set("prod", b"values: {a: 2}\n", "ann", found.newest("prod"))
    found.tag("prod", "Next", 2, "ann")
    for kind in "rt":
        head = Chain(Store(bucket), f"environments/prod/{kind}").head()
        assert head is not None
        members = json.loads(head.value)
        assert (head.number, members["newer"], "changed" in members) == (2, [1], False)
    assert found.tags("prod").numbers == {"Next": 2, "stable": 1}
