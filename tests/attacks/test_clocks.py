"""What a wrong clock, or whoever sets one, does to governance; and what a copy of the registry does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from packreg.groups.times import precise
from packreg.store.open import open_store
from packreg.store.store import Store
from packreg.store.url import parse_location
from tests.cli.conftest import User, user
from tests.cli.kept import govern
from tests.store.ministack import CREDENTIALS, client, ministack

__all__ = ["user"]


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a local S3 emulator with a bucket named `policies`."""
    with ministack(tmp_path_factory.mktemp("ministack") / "log") as url:
        client(url).create_bucket(Bucket="policies")
        yield url


@pytest.fixture
def keeper(user: User, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> User:
    """A keeper of a registry in a bucket."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    user.extra |= {
        **CREDENTIALS,
        "PACKREG_REGISTRY": f"s3://policies/{user.top.name}?endpoint_url={endpoint}",
    }
    user.must("init")
    return user


def opened(user: User) -> Store:
    """The store of a user's registry."""
    return open_store(parse_location(user.extra["PACKREG_REGISTRY"], cwd=user.top))


def test_a_machine_with_a_wrong_clock(keeper: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Governance, waivers and environments take nothing from it; the store's clock is the one that counts."""
    store = opened(keeper)
    before = [entry.key for entry in store.list_all("")]
    (keeper.directory / "e.yaml").write_text("values: {}\n")
    with monkeypatch.context() as patch:
        wrong = datetime.now(UTC) - timedelta(minutes=6)
        patch.setattr("packreg.services.workspace.precisely_now", lambda: precise(wrong))
        patch.setattr("packreg.services.workspace.now", lambda: wrong.strftime("%Y-%m-%dT%H:%M:%SZ"))
        for words in (
            ("group", "new", "prod", "--add-stack", "shop/*"),
            ("env", "set", "prod", "e.yaml"),
            ("transferred", "--yes", "--reason", "why"),
        ):
            done = keeper(*words)
            assert done.code == 9 and "the clock of this machine says" in done.err, done
    assert [entry.key for entry in store.list_all("")] == before
    keeper.must("group", "new", "prod", "--add-stack", "shop/*")


def test_governance_that_is_dated_a_year_ahead(keeper: User) -> None:
    """It is found, nothing follows it unseen, and a keeper can accept it and go on."""
    govern(keeper, precise(datetime.now(UTC) + timedelta(days=365)))
    done = keeper("verify")
    assert done.code == 8 and "revision 7 of governance" in done.out and "in the future" in done.out
    assert keeper("prove", "shop/dev", "--at", "2999-01-01").code == 8
    done = keeper("group", "new", "more", "--add-stack", "shop/*")
    assert done.code == 9 and "revision 7 of governance is dated" in done.err
    assert "packreg transferred" in done.err
    keeper.must("transferred", "--yes", "--reason", "a wrong clock")
    keeper.must("group", "new", "more", "--add-stack", "shop/*")


def test_a_registry_that_was_copied(keeper: User) -> None:
    """The times of the copy contradict what is in it until somebody says that it is one."""
    govern(keeper, "2026-05-01T10:00:00.000000Z")
    done = keeper("verify", "--json")
    wrong = [each for each in done.json()["findings"] if each["code"] == "wrong-time"]
    assert done.code == 8 and len(wrong) == 7
    keeper.must("transferred", "--yes", "--reason", "restored from the backup of 1 May")
    keeper.must("verify")
