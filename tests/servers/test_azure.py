"""The store and publishing on Azurite: the same promises as on S3 servers, in moderate numbers.

That a race is judged rightly at full length is seen on the S3 servers; here, that Azure's answers are.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from packreg.errors import NotFound, OutcomeUnknown, StoreRefused
from packreg.states.backend import list_stacks, read_stack
from packreg.states.places import open_place
from packreg.store.azure import AzureBucket
from packreg.store.bucket import Exists, Unsure
from packreg.store.location import AzureLocation
from packreg.store.probe import probe
from packreg.store.store import Store
from tests.cli.conftest import User, user, write_pack
from tests.servers import azurite
from tests.servers.conftest import Figures, unavailable
from tests.servers.test_publishing import harness
from tests.store.conformance import BucketConformance
from tests.store.fault_proxy import READ_FAULTS, WRITE_FAULTS, FaultProxy
from tests.store.test_races import measure

__all__ = ["user"]  # a fixture

_numbers = itertools.count()
ENVIRON = {"AZURE_STORAGE_ACCOUNT": azurite.ACCOUNT, "AZURE_STORAGE_KEY": azurite.KEY}
#: Those that the service applied in the end, once or twice.
APPLIED = ("500-after", "503-after", "drop-after", "json-after", "sent-twice")


@pytest.fixture(scope="session")
def emulator(wanted: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Host and port of an Azurite with a container named `registry`."""
    if azurite.missing_azurite():
        unavailable(azurite.missing_azurite())
    with azurite.azurite(tmp_path_factory.mktemp("azurite") / "output") as domain:
        azurite.container(domain, "registry").create_container()
        yield domain


@pytest.fixture
def where(emulator: str, monkeypatch: pytest.MonkeyPatch) -> AzureLocation:
    """A new, empty place on it; the processes that tests start have its key."""
    for name in azurite.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    return AzureLocation("registry", f"place-{next(_numbers)}", azurite.ACCOUNT, "http", emulator, True)


@pytest.fixture
def bucket(where: AzureLocation) -> AzureBucket:
    """The bucket at that place."""
    return AzureBucket(where, environ=ENVIRON)


@pytest.fixture
def proxy(emulator: str) -> Iterator[FaultProxy]:
    """A proxy in front of it that spoils requests when told to."""
    with FaultProxy(int(emulator.rpartition(":")[2])) as proxy:
        yield proxy


def through(where: AzureLocation, proxy: FaultProxy) -> AzureLocation:
    """The same place, asked for through the proxy."""
    return where._replace(domain=proxy.endpoint.removeprefix("http://"))


class TestConformance(BucketConformance):
    """The suite that memory, the directory and the S3 servers pass."""


def test_probe_approves(bucket: AzureBucket, figures: Figures) -> None:
    """The whole probe, as `init` runs it, finds Azurite safe and knows what it does with checksums."""
    verdict = probe(bucket)
    figures.add({"ok": verdict.ok, **verdict.facts})
    assert verdict.ok, verdict.reason
    assert verdict.facts["checksums"] == "verified"


@pytest.mark.parametrize("fault", WRITE_FAULTS)
def test_every_fault(where: AzureLocation, bucket: AzureBucket, proxy: FaultProxy, fault: str) -> None:
    """A spoiled write is one attempt and no guess; the creator learns that it created, and others do not."""
    spoiled = AzureBucket(through(where, proxy), environ=ENVIRON, read_timeout=5)
    proxy.plan(writes=(fault,))
    with pytest.raises(Exists if fault == "sent-twice" else Unsure):
        spoiled.put_new("once", b"mine")
    assert proxy.seen == {f"write {fault}": 1}
    if fault in APPLIED:
        assert bucket.get("once", limit=9) == b"mine"
    else:
        with pytest.raises(NotFound):
            bucket.get("once", limit=9)
    store = Store(spoiled)
    proxy.plan(writes=(fault, fault))
    assert store.create("a", b"mine") is None
    proxy.plan(writes=(fault,))
    assert store.create("a", b"theirs") == b"mine"
    proxy.settle()
    assert bucket.get("a", limit=9) == b"mine"


@pytest.mark.parametrize("fault", [fault for fault in READ_FAULTS if fault != "html-404"])
def test_reads_survive(where: AzureLocation, bucket: AzureBucket, proxy: FaultProxy, fault: str) -> None:
    """A read whose answer is lost, refused for now or cut is repeated, and never gives half an object."""
    data = bytes(range(256)) * 20_000
    bucket.put_new("a", data)
    proxy.plan(reads=(fault,))
    assert Store(AzureBucket(through(where, proxy), environ=ENVIRON)).get("a") == data
    assert proxy.seen[f"read {fault}"] == 1


def test_a_timeout_and_an_absent_object_are_not_a_failure(
    where: AzureLocation, bucket: AzureBucket, proxy: FaultProxy
) -> None:
    """At the deadline the outcome is unknown, and rightly: the write arrives after that."""
    spoiled = AzureBucket(through(where, proxy), environ=ENVIRON, read_timeout=5)
    proxy.plan(writes=("late",))
    with pytest.raises(OutcomeUnknown):
        Store(spoiled, deadline=0.0, random=lambda: 1.0).create("a", b"mine")
    with pytest.raises(NotFound):
        bucket.get("a", limit=9)
    proxy.settle()
    assert bucket.get("a", limit=9) == b"mine"


def test_race(where: AzureLocation, figures: Figures) -> None:
    """Of 30 processes that create one object exactly one wins, in every round, and everyone is told so."""
    outcome = measure("races", "race", where.shown, "--rounds", "3", "--writers", "30")
    figures.add(outcome)
    assert (outcome["violations"], outcome["winners"]) == ([], 3)


def test_race_with_faults(where: AzureLocation, proxy: FaultProxy, figures: Figures) -> None:
    """The same while 60 % of the writes are spoiled: everyone is told the truth, and in the end knows it."""
    proxy.chance(writes=0.6, reads=0.1, seed=3, faults=WRITE_FAULTS)
    spoiled = through(where, proxy).shown
    outcome = measure("races", "race", spoiled, "--check", where.shown, "--rounds", "2", "--writers", "20")
    proxy.settle()
    figures.add({**outcome, "seen": dict(proxy.seen)})
    assert (outcome["violations"], outcome["unknown"]) == ([], 0)


def test_chain_with_lost_replies(where: AzureLocation, proxy: FaultProxy, figures: Figures) -> None:
    """Every edit is in the last revision exactly once, although a third of the replies to writes are lost."""
    proxy.chance(writes=0.3, reads=0.0, seed=2, faults=("drop-after",))
    spoiled = through(where, proxy).shown
    outcome = measure("races", "chain", spoiled, "--check", where.shown, "--writers", "6", "--edits", "3")
    figures.add(outcome)
    assert outcome["violations"] == []
    assert outcome["acknowledged"] == outcome["in_last_revision"] == 18
    assert proxy.seen["write drop-after"] > 0


def test_publishers_of_one_version_have_one_winner(where: AzureLocation, figures: Figures) -> None:
    """Exactly one content wins in every round, and everybody is told the truth."""
    outcome = harness("races", where.shown, "--publishers", 20, "--rounds", 2, "--faults", 0.4)
    figures.add(outcome)
    assert outcome["violations"] == []


def test_killed_publishers_lose_nothing(where: AzureLocation, figures: Figures) -> None:
    """What was acknowledged is there after every kill, and what is there is whole."""
    outcome = harness("kills", where.shown, "--kills", 16)
    figures.add(outcome)
    assert outcome["problems"] == []
    assert (outcome["lost"], outcome["doubled"], outcome["half_visible"]) == (0, 0, 0)
    assert outcome["acknowledged"] > 0


def test_more_than_a_page_is_listed(emulator: str, bucket: AzureBucket, where: AzureLocation) -> None:
    """Small pages of many keys are followed to the end, and what is not packreg's is passed over."""
    there = azurite.container(emulator, "registry")
    for number in range(30):
        there.upload_blob(f"{where.prefix}/a/{number:02}", b"")
    there.upload_blob(f"{where.prefix}/a/B", b"")
    there.upload_blob(f"{where.prefix}-other/a/1", b"")
    bucket.page_size = 7  # type: ignore[misc]
    assert len([entry.key for entry in Store(bucket).list_all("a/")]) == 30
    assert [entry.key for entry in Store(bucket).list_all("a/", after="a/27")] == ["a/28", "a/29"]


def test_a_missing_container_and_a_wrong_key_are_refused(where: AzureLocation) -> None:
    """Every verb says what is missing, and none that the object is."""
    missing = AzureBucket(where._replace(container="nowhere"), environ=ENVIRON)
    stranger = AzureBucket(where, environ={**ENVIRON, "AZURE_STORAGE_KEY": "c3RyYW5nZXI="})
    for bucket, word in ((missing, "ContainerNotFound"), (stranger, "AuthorizationFailure")):
        for verb in (
            lambda bucket=bucket: bucket.put_new("a", b""),
            lambda bucket=bucket: bucket.get("a", limit=1),
            lambda bucket=bucket: bucket.list(""),
            lambda bucket=bucket: bucket.inspect(".packreg/probe/x"),
        ):
            with pytest.raises(StoreRefused, match=word) as caught:
                verb()
            assert caught.value.hint


@pytest.mark.parametrize("rights", ["rwl", "rl"])
def test_a_signature_does_what_it_says(
    emulator: str, where: AzureLocation, bucket: AzureBucket, rights: str
) -> None:
    """With rights to read, write and list all works but deleting; without to write, that is refused."""
    signed = AzureBucket(where, environ={"AZURE_STORAGE_SAS_TOKEN": azurite.signature("registry", rights)})
    bucket.put_new("there", b"first")
    assert signed.get("there", limit=9) == b"first"
    assert [entry.key for entry in signed.list("").entries] == ["there"]
    if "w" in rights:
        assert Store(signed).create("new", b"mine") is None
        assert Store(signed).create("there", b"mine") == b"first"
    else:
        with pytest.raises(StoreRefused, match="Authorization") as caught:
            signed.put_new("new", b"mine")
        assert "Storage Blob Data Contributor" in caught.value.hint
    with pytest.raises(StoreRefused):
        signed.delete("there")


def test_states_are_read(where: AzureLocation, emulator: str) -> None:
    """A backend is listed and its stacks are read, with a signature that may do just that."""
    there = azurite.container(emulator, "registry")
    for name in ("prod", "test"):
        urn = f"urn:pulumi:{name}::shop::pulumi:pulumi:Stack::shop-{name}"
        latest = {"resources": [{"urn": urn, "type": "pulumi:pulumi:Stack", "custom": False}]}
        state = {"version": 3, "checkpoint": {"stack": f"organization/shop/{name}", "latest": latest}}
        path = f"{where.prefix}/.pulumi/stacks/shop/{name}.json"
        there.upload_blob(path, json.dumps(state).encode())
    there.upload_blob(f"{where.prefix}/.pulumi/meta.yaml", b"version: 1\n")
    environ = {"AZURE_STORAGE_SAS_TOKEN": azurite.signature("registry", "rl")}
    place = open_place(where.shown, cwd=Path("/"), environ=environ)
    assert [(each.project, each.name) for each in list_stacks(place)] == [("shop", "prod"), ("shop", "test")]
    snapshot = read_stack("organization/shop/prod", place)
    assert (snapshot.project, snapshot.stack) == ("shop", "prod")


@pytest.mark.usefixtures("opa")
def test_a_team_shares_a_container(
    user: User, where: AzureLocation, proxy: FaultProxy, figures: Figures
) -> None:
    """A container is initialised once, published to, listed, installed from, verified and collected."""
    user.extra |= ENVIRON
    user.extra["AZURE_STORAGE_DOMAIN"] = proxy.endpoint.removeprefix("http://")
    user.extra |= {"AZURE_STORAGE_PROTOCOL": "http", "AZURE_STORAGE_IS_LOCAL_EMULATOR": "true"}
    user.extra["PACKREG_REGISTRY"] = f"azblob://registry/{where.prefix}"
    write_pack(user.directory / "guard", "guard", "1.0.0")
    assert user("publish", "guard").code == 9
    assert user.must("init", "--json").json()["already"] is False
    counts: dict[str, int] = {}

    def counted(*words: str) -> None:
        before = proxy.seen.total()
        user.must(*words)
        counts[words[0]] = proxy.seen.total() - before

    counted("publish", "guard", "--no-run")
    assert user.must("publish", "guard", "--no-run", "--json").json()["already"] is True
    counted("list")
    assert user.must("list").out == "guard\n"
    assert user.must("versions", "guard").out == "1.0.0\tlatest\n"
    counted("install", "guard@1.0.0")
    path = user.must("path", "guard@1.0.0").out
    assert (Path(path.rstrip("\n")) / "policy.rego").is_file()
    user.must("group", "new", "ours")
    assert user.must("verify").out == "2 ok, 0 wrong\n"  # the release, and the policy groups
    assert user.must("gc").err == "nothing to delete\n"
    figures.add(counts)
    assert counts["publish"] <= 5
    assert counts["install"] <= 3
