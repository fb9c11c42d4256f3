"""Governance in a registry: one state in three requests, and many writers of whom nobody loses anything."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from packreg.cli.context import CommandContext
from packreg.errors import ChangedMeanwhile, IntegrityError, StoreRefused
from packreg.groups.editing import enable, new_group, remove_group, waive
from packreg.groups.model import DEFAULT_GROUPS, Governance, PackEntry, Waiver
from packreg.services.governance import (
    create_governance,
    edit_governance,
    read_governance,
    stored_governance,
)
from tests.groups.governance import entry, group
from tests.store.ministack import CREDENTIALS, client, ministack

WRITERS = 20
EDITS = 2

_numbers = itertools.count()


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a local S3 emulator with a bucket named `policies`."""
    with ministack(tmp_path_factory.mktemp("ministack") / "log") as url:
        client(url).create_bucket(Bucket="policies")
        yield url


@pytest.fixture(params=["local", "s3"])
def environ(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """The environment of somebody with an empty registry, in a directory or a bucket."""
    monkeypatch.chdir(tmp_path)
    found = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PACKREG_REGISTRY": str(tmp_path / "registry")}
    if request.param == "s3":
        for name, value in CREDENTIALS.items():
            monkeypatch.setenv(name, value)
        place = f"s3://policies/{next(_numbers)}"
        found["PACKREG_REGISTRY"] = f"{place}?endpoint_url={request.getfixturevalue('endpoint')}&region=eu-1"
    session = CommandContext(found)
    session.registry().init()
    create_governance(session)
    return found


def test_governance_is_read_in_four_requests(environ: dict[str, str]) -> None:
    """One state, whatever its size, and which registry it is of; three where it is the first revision."""
    session = CommandContext(environ)
    assert set(read_governance(session).groups) == set(DEFAULT_GROUPS)
    assert session.store.requests == 3
    edit_governance(session, lambda base: new_group(base, group("a")), "x")
    edit_governance(session, lambda base: new_group(base, group("b")), "x")
    reader = CommandContext(environ)
    governance = read_governance(reader)
    assert (governance.revision, set(governance.groups)) == (3, {"a", "b", *DEFAULT_GROUPS})
    assert reader.store.requests == 4


def with_pack(number: int, asked: PackEntry, governance: Governance) -> Governance:
    """Governance with an entry in the group of a writer."""
    return enable(governance, f"g{number}", asked)


def test_twenty_writers_of_different_groups_lose_nothing(environ: dict[str, str]) -> None:
    """Edits of different groups, and waivers, are all kept, each once, and times only go forward."""
    base = edit_governance(
        CommandContext(environ),
        lambda all: replace(all, groups={**all.groups, **{f"g{n}": group(f"g{n}") for n in range(WRITERS)}}),
        "all groups",
    ).governance

    def write(number: int) -> None:
        session = CommandContext(environ)
        for edit in range(EDITS):
            asked = entry(f"p{edit}")
            edited = edit_governance(session, partial(with_pack, number, asked), f"{number}.{edit}")
            assert edited.written
        waiver = Waiver(
            f"w{number}", "p", "q", "a/b", "Ada", "why", "2026-12-31T23:59:59Z", "2026-08-01T12:00:00Z"
        )
        edit_governance(session, lambda all: waive(all, waiver), f"{number}.w", base)

    with ThreadPoolExecutor(WRITERS) as writers:
        list(writers.map(write, range(WRITERS)))
    session = CommandContext(environ)
    governance = read_governance(session)
    assert governance.revision == 2 + WRITERS * (EDITS + 1)
    assert set(governance.waivers) == {f"w{number}" for number in range(WRITERS)}
    for number in range(WRITERS):
        packs = governance.groups[f"g{number}"].packs
        assert set(packs) == {f"p{edit}" for edit in range(EDITS)}
        times = [packs[f"p{edit}"].modified for edit in range(EDITS)]
        assert times == sorted(set(times))
    changes = [document.change for document in stored_governance(session).history()]
    times = [change.at for change in changes if change]
    assert all(later > earlier for later, earlier in pairwise(times))
    assert len({change.what for change in changes if change}) == governance.revision


def test_of_writers_of_one_group_one_wins(environ: dict[str, str]) -> None:
    """From one base, one of many edits of a group is written; the others are refused and change nothing."""
    base = edit_governance(CommandContext(environ), lambda all: new_group(all, group("a")), "a").governance

    def write(number: int) -> str:
        version = f"{number}.0.0"
        try:
            edit_governance(
                CommandContext(environ),
                lambda all: enable(all, "a", entry("p", version)),
                f"to {version}",
                base,
            )
        except ChangedMeanwhile as refused:
            assert version in str(refused).partition("your change:")[2]
            return ""
        return version

    with ThreadPoolExecutor(8) as writers:
        written = [version for version in writers.map(write, range(8)) if version]
    governance = read_governance(CommandContext(environ))
    assert [governance.groups["a"].packs["p"].version] == written
    assert governance.revision == 3


@pytest.mark.parametrize("environ", ["local"], indirect=True)
def test_a_replica_is_not_edited(environ: dict[str, str]) -> None:
    """What governs is changed in the home registry, and read everywhere."""
    settings = Path(CommandContext(environ).location.path) / "registry.json"
    settings.write_bytes(settings.read_bytes().replace(b'"home"', b'"replica"'))
    with pytest.raises(StoreRefused, match="read only"):
        edit_governance(CommandContext(environ), lambda all: new_group(all, group("a")), "a")
    assert read_governance(CommandContext(environ)).revision == 1


@pytest.mark.parametrize("environ", ["local"], indirect=True)
def test_what_somebody_wrote_there_is_not_believed(environ: dict[str, str]) -> None:
    """A revision that is none stops reading and editing, and nothing is written over it."""
    session = CommandContext(environ)
    edit_governance(session, lambda all: new_group(all, group("a")), "a")
    session.registry().governance.append(lambda _: b'{"format": 1}', attempt_id="somebody")
    with pytest.raises(IntegrityError, match="governance/"):
        read_governance(CommandContext(environ))

    def edit(governance: Governance) -> Governance:
        return remove_group(governance, "a")

    with pytest.raises(IntegrityError):
        edit_governance(CommandContext(environ), edit, "x")
    head = session.registry().governance.head()
    assert head is not None
    assert head.number == 3
