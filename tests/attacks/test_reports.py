"""What whoever may write below `reports/` and `runs/` does to others' reports, and that it is noticed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from packreg.groups.model import Entity
from packreg.groups.times import precise
from packreg.registry import layout
from packreg.reports.stored import StoredReport
from packreg.services.reports import object_digest
from packreg.store.bucket import Entry
from packreg.store.memory import MemoryBucket
from packreg.store.open import open_store
from packreg.store.store import Store
from packreg.store.url import parse_location
from tests.cli.conftest import Done, User, user
from tests.cli.kept import enter, fitting, govern
from tests.registry.packs import registry as new_registry
from tests.reports.findings import guard
from tests.reports.kept import stored
from tests.store.ministack import CREDENTIALS, client, ministack

__all__ = ["user"]

DENIED, PASSED = guard(), replace(guard(), violations=(), remediations=())
CHAIN = f"{layout.RUNS}update/stack.organization.shop.dev/"


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a local S3 emulator with a bucket named `policies`."""
    with ministack(tmp_path_factory.mktemp("ministack") / "log") as url:
        client(url).create_bucket(Bucket="policies")
        yield url


@dataclass
class Registry:
    """A registry with two updates, the first denied, the second, a minute later, allowed; and its store."""

    user: User
    store: Store
    denied: StoredReport
    passed: StoredReport

    def put(self, report: StoredReport) -> StoredReport:
        """Write a report; nobody enters it."""
        assert self.store.create(report.key, report.encode()) is None
        return report

    def exchange(self, key: str, data: bytes) -> None:
        """Write over an object."""
        self.store.delete(key)
        self.store.create(key, data)

    def entries(self) -> list[Entry]:
        """The entries' objects, the newest first."""
        return list(self.store.list_all(CHAIN))

    def findings(self) -> Done:
        """`findings ls`."""
        return self.user("findings", "ls", "--json")

    def verdicts(self) -> list[str]:
        """What `report` shows as the verdict of the last update."""
        return [each["verdict"] for each in self.user("report", "-o", "json").json()]

    def codes(self) -> tuple[int, int, int]:
        """How `verify`, `findings ls` and `prove` end."""
        prove = self.user("prove", "shop/dev", "--at", "2999-01-01")
        return self.user("verify").code, self.findings().code, prove.code

    def verified(self) -> list[str]:
        """The codes of what `verify` finds wrong."""
        found = self.user("verify", "--json").json()["findings"]
        return [each["code"] for each in found if each["level"] == "error"]


def ago(minutes: float) -> str:
    """The time so many minutes ago; asked anew each time, as a bucket has a clock of its own."""
    return precise(datetime.now(UTC) - timedelta(minutes=minutes))


def update(minutes: float, *, result: object = DENIED, id: str = "", entity: str = "") -> StoredReport:
    """The report of an update so many minutes ago."""
    made = fitting(stored(result, run="update", mode="preventative"))  # type: ignore[arg-type]
    if entity:
        assert made.report.governed is not None
        required = replace(made.required, entity=Entity("stack", entity))
        made = replace(
            made, report=replace(made.report, governed=replace(made.report.governed, required=required))
        )
    return replace(made, id=id or f"id-{minutes * 10:.0f}", time=ago(minutes))


#: In a bucket too; a test without it is about what both do alike.
in_both = pytest.mark.parametrize("registry", ["directory", "bucket"], indirect=True)


@pytest.fixture
def registry(request: pytest.FixtureRequest, user: User) -> Registry:
    """The registry, in a directory or in a bucket; what is written below is written now."""
    if getattr(request, "param", "directory") == "directory":
        return made(user, str(user.top / "registry"))
    user.extra |= CREDENTIALS
    patch = request.getfixturevalue("monkeypatch")
    for name, value in CREDENTIALS.items():
        patch.setenv(name, value)
    return made(user, f"s3://policies/{user.top.name}?endpoint_url={request.getfixturevalue('endpoint')}")


def init(store: Store) -> None:
    """Make a place a registry, without the probe's 180 requests."""
    elsewhere = MemoryBucket()
    new_registry(elsewhere).init()
    for entry in elsewhere.list("").entries:
        store.create(entry.key, elsewhere.get(entry.key, limit=entry.size))


def made(user: User, url: str) -> Registry:
    """The registry at a URL. Its governance is of now in a bucket, which has a clock, else of yesterday."""
    user.extra["PACKREG_REGISTRY"] = url
    store = open_store(parse_location(url, cwd=user.top))
    init(store)
    govern(user, ago(0 if store.own_times else 60 * 24))
    registry = Registry(user, store, update(3), update(2, result=PASSED))
    for report in (registry.denied, registry.passed):
        enter(store, registry.put(report))
    return registry


@in_both
def test_reports_that_nobody_touched(registry: Registry) -> None:
    """Nothing is wrong with them, and the last one counts."""
    assert registry.codes() == (0, 0, 0)
    assert registry.verdicts() == ["allowed"]


@in_both
def test_a_rewritten_report(registry: Registry) -> None:
    """Who turns "denied" into "allowed" in the report that counts is found by all three, and not believed."""
    last = registry.put(update(1))
    enter(registry.store, last)
    assert registry.verdicts() == ["denied"]
    registry.exchange(last.key, replace(last, verdict="allowed").encode())
    assert registry.codes() == (8, 8, 8)
    assert registry.verified() == ["bad-report"]
    assert "was changed since it was entered" in registry.findings().err


@in_both
def test_a_deleted_report(registry: Registry) -> None:
    """Who deletes a report leaves the entry that names it."""
    registry.store.delete(registry.passed.key)
    assert registry.codes() == (8, 8, 8)
    assert registry.verified() == ["missing-report"]


def test_an_older_report_that_was_deleted(registry: Registry) -> None:
    """One that nobody reads any more is missed by `verify` and `prove` all the same."""
    for minutes in (1, 0.5):
        enter(registry.store, registry.put(update(minutes, result=PASSED)))
    registry.store.delete(registry.denied.key)
    assert registry.codes() == (8, 0, 8)


@in_both
@pytest.mark.parametrize("minutes", [-1, -60 * 24 * 365])
def test_a_report_put_beside_the_others(registry: Registry, minutes: float) -> None:
    """A forged report that nobody entered counts nowhere, also where it claims to be the newest."""
    registry.put(update(minutes, id="forged"))
    assert registry.verdicts() == ["allowed"]
    assert registry.codes() == (8, 8, 8)
    assert registry.verified() == ["unentered-report"]


def test_a_back_dated_report_put_beside_the_others(registry: Registry) -> None:
    """One that claims to be from before the chain is not among those that were there."""
    registry.put(update(60 * 24 * 200, id="forged"))
    assert registry.verdicts() == ["allowed"]
    assert registry.verified() == ["unentered-report"]
    assert registry.user("prove", "shop/dev", "--at", "2999-01-01").code == 8


def test_entries_in_another_order(registry: Registry) -> None:
    """Who exchanges what two entries say breaks what links them."""
    newest, oldest = (registry.store.get(entry.key) for entry in registry.entries())
    values = [json.loads(data)["value"] for data in (newest, oldest)]
    for entry, data, value in zip(registry.entries(), (newest, oldest), reversed(values), strict=True):
        fields = {**json.loads(data), "value": value}
        registry.exchange(entry.key, json.dumps(fields, ensure_ascii=False, indent=1).encode() + b"\n")
    assert registry.codes() == (8, 8, 8)
    assert registry.verified() == ["bad-entry"]


def test_an_entry_that_was_deleted(registry: Registry) -> None:
    """Who deletes an entry that another one follows is found: it names the digest of what is gone."""
    enter(registry.store, registry.put(update(1)))
    registry.store.delete(registry.entries()[1].key)
    assert registry.codes() == (8, 8, 8)
    assert registry.verdicts() == []


@in_both
def test_a_back_dated_entry(registry: Registry) -> None:
    """A report that is entered now with a date of last month is told from one of then."""
    forged = update(60 * 24 * 30, result=PASSED, id="forged")
    enter(registry.store, registry.put(forged))
    assert set(registry.verified()) == {"wrong-time"}
    done = registry.user("prove", "shop/dev", "--at", forged.time)
    assert done.code == 8 and ("follows entry 2" in done.err or "the store received it at" in done.err)


@in_both
def test_a_report_that_is_dated_a_year_ahead(registry: Registry) -> None:
    """It hides none that come later, and is said to be of a time that is still to come."""
    enter(registry.store, registry.put(update(-60 * 24 * 365, result=PASSED, id="ahead")))
    assert "in the future" in registry.findings().err
    done = registry.user("prove", "shop/dev", "--at", ago(-1))
    assert done.code == 8 and "in the future" in done.err
    enter(registry.store, registry.put(update(1)))
    assert registry.verdicts() == ["denied"]
    assert set(registry.verified()) == {"wrong-time"}
    [run] = registry.user.must("prove", "shop/dev", "--at", ago(-1), "--json").json()["runs"]
    assert run["verdict"] == "denied"


@pytest.mark.parametrize("number", [4, 500])
def test_a_forged_head(registry: Registry, number: int) -> None:
    """An entry that does not name the one before it, at whatever number, is not believed."""
    forged = registry.put(update(1, result=PASSED, id="forged"))
    enter(registry.store, registry.put(update(1.5)))
    [newest, *_] = registry.entries()
    fields = json.loads(registry.store.get(newest.key))
    value = json.loads(fields["value"]) | {"id": "forged", "report": forged.key}
    fields |= {"number": number, "previous": "0" * 64, "value": json.dumps(value, separators=(",", ":"))}
    data = json.dumps(fields, ensure_ascii=False, indent=1).encode() + b"\n"
    registry.store.create(f"{CHAIN}{10**12 - 1 - number:012d}.json", data)
    assert "allowed" not in registry.verdicts()
    assert registry.codes()[0] == 8


def test_an_entry_that_names_the_report_of_another_stack(registry: Registry) -> None:
    """A report of another stack cannot be entered as that of this one."""
    other = registry.put(update(1, result=PASSED, id="other", entity="organization/shop/prod"))
    enter(registry.store, replace(registry.denied, id="other"), key=other.key)
    assert registry.codes() == (8, 8, 8)
    assert "bad-entry" in registry.verified()


def test_the_report_of_another_stack_under_the_key_of_this_one(registry: Registry) -> None:
    """An agent that may write for all stacks cannot pass off what was found on one as found on another."""
    other = update(1, result=PASSED, id="other", entity="organization/shop/prod")
    here = replace(update(1, id="other"), time=other.time)
    registry.store.create(here.key, other.encode())
    enter(registry.store, here, digest=object_digest(other.encode()))
    assert registry.codes() == (8, 8, 8)
    assert registry.verified() == ["bad-report"]
    assert "it is the report of" in registry.findings().err


@in_both
def test_a_report_that_is_entered_again(registry: Registry) -> None:
    """An old "allowed" that is entered once more, to stand in front of a "denied", is found."""
    enter(registry.store, registry.put(update(1)))
    enter(registry.store, registry.passed, time=ago(0))
    assert registry.verified() == ["entered-twice"]
    assert registry.user("prove", "shop/dev", "--at", "2999-01-01").code == 8


def test_entries_that_are_no_entries(registry: Registry) -> None:
    """Garbage where entries belong is named by `verify`, and stops no reader."""
    registry.store.create(f"{CHAIN}0garbage.json", b"{}")
    assert registry.verdicts() == ["allowed"]
    assert registry.verified() == ["unknown-key"]
    registry.store.create(f"{CHAIN}{10**12 - 4:012d}.json", b"{}")
    other = update(1, id="other", entity="organization/shop/prod")
    enter(registry.store, registry.put(other))
    done = registry.findings()
    assert done.code == 8 and "999999999996" in done.err, "one with the key of an entry"
    assert {each["entity"] for each in done.json()} == {"organization/shop/prod"}


@pytest.fixture
def old(user: User) -> Registry:
    """A registry in a directory with two updates from before there were chains."""
    url = str(user.top / "registry")
    user.extra["PACKREG_REGISTRY"] = url
    store = open_store(parse_location(url, cwd=user.top))
    init(store)
    govern(user)
    registry = Registry(user, store, update(3), update(2, result=PASSED))
    for report in (registry.denied, registry.passed):
        registry.put(report)
    return registry


def test_reports_from_before_the_chain_are_read_and_marked(old: Registry) -> None:
    """They count as they did, in the order of their times, and it is said that nothing proves them."""
    assert old.verdicts() == ["allowed"]
    done = old.findings()
    assert done.code == 0 and "from before there were chains" in done.err
    assert old.codes() == (0, 0, 0)
    assert "before there were chains" in old.user("prove", "shop/dev", "--at", "2999-01-01").out


def test_the_first_entry_wins_over_all_that_was_before(old: Registry) -> None:
    """Whatever date an old report claims, the chain is newer; and what is added to the old ones is found."""
    old.put(update(-60 * 24 * 365, result=PASSED, id="ahead"))
    first = old.put(update(1))
    entry = enter(old.store, first)
    assert entry.number == 2
    assert old.verdicts() == ["denied"]
    assert old.codes() == (0, 0, 0)
    assert {each["status"] for each in old.findings().json()} == {"new"}
    [run] = old.user("prove", "shop/dev", "--at", ago(2.5), "--json").json()["runs"]
    assert (run["verdict"], run["entry"]) == ("denied", None), "what was before stays readable"
    old.put(update(60 * 24 * 100, result=PASSED, id="later"))
    assert old.verified() == ["unentered-report"]
    old.store.delete(old.denied.key)
    assert sorted(old.verified()) == ["missing-report", "unentered-report"]


@pytest.mark.parametrize(
    ("forge", "says"),
    [
        (lambda report: with_revision(report, 9), "of which there are 7"),
        (lambda report: replace(report, time="2026-04-01T10:00:00.000000Z"), "is older than revision 7"),
        (lambda report: with_revision(report, 2), "which revision 3 had replaced"),
        (lambda report: stored(DENIED, run="update", mode="preventative"), "names the groups"),
        (lambda report: replace(report, packs=()), "does not name the pack guard"),
        (
            lambda report: replace(report, packs=(report.packs[0], replace(report.packs[0], name="other"))),
            "has the pack other from prod, which does not have it",
        ),
    ],
)
def test_a_report_that_does_not_fit_governance(
    user: User, forge: Callable[[StoredReport], StoredReport], says: str
) -> None:
    """A well-formed, entered report that its revision of governance cannot have led to is no proof."""
    registry = made(user, str(user.top / "registry"))
    govern(user)
    forged = replace(forge(update(1)), id="forged")
    enter(registry.store, registry.put(forged), time=ago(0))
    done = registry.user("prove", "shop/dev", "--at", "2999-01-01")
    assert done.code == 8 and says in done.err


def test_a_report_that_is_older_than_the_pack_that_it_names(user: User) -> None:
    """A back-dated report of a pack that was published since is no proof."""
    registry = made(user, str(user.top / "registry"))
    govern(user)
    user.publish("guard", "1.0.0")
    digest = user.must("info", "guard@1.0.0", "--json").json()["digest"]
    forged = update(60, result=PASSED, id="forged")
    forged = replace(forged, packs=tuple(replace(pack, digest=digest) for pack in forged.packs))
    enter(registry.store, registry.put(forged), time=ago(0))
    done = registry.user("prove", "shop/dev", "--at", "2999-01-01")
    assert done.code == 8 and "guard@1.0.0 was published at" in done.err


def with_revision(report: StoredReport, number: int) -> StoredReport:
    """The report as decided by another revision of governance."""
    assert report.report.governed is not None
    required = replace(report.required, revision=number)
    return replace(
        report, report=replace(report.report, governed=replace(report.report.governed, required=required))
    )


def test_a_clock_beyond_what_python_counts(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told as what it is, and not as a defect of packreg."""

    def too_late() -> float:
        raise OverflowError("timestamp too large to convert to C _PyTime_t")

    user.must("--registry", user.top / "registry", "init")
    monkeypatch.setattr("time.time", too_late)
    done = user("--registry", user.top / "registry", "gc")
    assert done.code == 1 and "the clock of this machine" in done.err and "defect" not in done.err


def test_reports_of_the_year_2290(user: User) -> None:
    """Where keys can count time down no more, reports are kept and read all the same, in their order."""
    registry = made(user, str(user.top / "registry"))
    far = [replace(update(1), id=f"far-{n}", time=f"2290-06-0{n}T10:00:00.000000Z") for n in (1, 2)]
    for report in (*far, replace(update(1, result=PASSED), id="far-3", time="9999-12-31T23:59:59.999999Z")):
        enter(registry.store, registry.put(report))
    assert registry.verdicts() == ["allowed"]
    assert Path(user.top).is_dir() and "defect" not in registry.findings().err
