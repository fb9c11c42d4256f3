"""Commands on a registry that the first packreg made, and on one that a newer one wrote to."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from packreg.registry import formats
from packreg.store.chain import Chain
from packreg.store.local import LocalBucket
from packreg.store.store import Store
from tests.cli.conftest import User
from tests.registry.test_formats import FORMAT_1


@pytest.fixture
def old(user: User) -> User:
    """A user of a copy of the registry that the first packreg made, with the lock beside it."""
    user.extra["PACKREG_REGISTRY"] = str(shutil.copytree(FORMAT_1 / "registry", user.top / "registry"))
    shutil.copy(FORMAT_1 / "packreg.lock", user.directory)
    return user


def newer(user: User, **members: object) -> None:
    """A newer packreg writes a revision of governance with these members beside all that is there."""
    chain = Chain(Store(LocalBucket(user.extra["PACKREG_REGISTRY"])), "governance")
    head = chain.head()
    assert head is not None
    document = {**json.loads(head.value), **members}
    chain.append(lambda _: json.dumps(document).encode(), attempt_id="newer")


def test_the_first_registry_answers_every_question(old: User) -> None:
    """Releases, groups, waivers, environments, reports and the lock mean what they meant."""
    versions = old.must("versions", "opa_guard", "--json").json()
    assert [(each["version"], each["state"]) for each in versions["versions"]] == [
        ("1.0.0", "published"),
        ("1.1.0", "yanked"),
        ("1.2.0", "removed"),
    ]
    assert old.must("info", "opa_guard", "--json").json()["version"] == "1.0.0"
    required = old.must("required", "web/prod", "--json").json()
    assert [pack["pack"] for pack in required["modes"][0]["packs"]] == ["opa_guard"]
    assert len(old.must("waiver", "ls", "--json").json()) == 2
    assert "TOKEN" in old.must("env", "get", "prod@stable").out
    assert "deny_public_acl" in old.must("findings", "ls", "--json").out
    assert old.must("outdated", "--json").code == 0
    assert old.must("verify").out.endswith("9 ok, 0 wrong\n")


def test_a_newer_members_revision_goes_on_governing(old: User) -> None:
    """The first new member of governance stops nobody, and an older client's edit does not lose it."""
    newer(old, exceptions={"until": "2027-01-01"})
    before = old.must("required", "web/prod", "--json").json()
    assert [pack["pack"] for pack in before["modes"][0]["packs"]] == ["opa_guard"]
    old.must("group", "new", "mine", "--add-stack", "a/b")
    head = Chain(Store(LocalBucket(old.extra["PACKREG_REGISTRY"])), "governance").head()
    assert head is not None
    assert json.loads(head.value)["exceptions"] == {"until": "2027-01-01"}


def test_a_feature_that_is_not_known_stops_with_its_name(old: User) -> None:
    """Whoever decides with an older client is told to upgrade, and which feature it lacks: exit code 9."""
    newer(old, format=2, needs=["seals"])
    done = old("required", "web/prod")
    assert (done.code, done.out) == (9, "")
    assert "needs 'seals', which this packreg does not know" in done.err
    assert "hint: upgrade packreg" in done.err


def test_the_first_use_of_a_feature_says_who_will_stop(
    old: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nobody raises the format of governance without being told which clients then stop, and saying yes."""
    from dataclasses import replace

    from packreg.cli.context import CommandContext
    from packreg.errors import UsageError
    from packreg.services.governance import edit_governance

    monkeypatch.setitem(formats.FEATURES, "seals", "9.9.0")
    session = CommandContext({"HOME": str(tmp_path), "PACKREG_REGISTRY": old.extra["PACKREG_REGISTRY"]})

    def edit(yes: bool) -> frozenset[str]:
        edited = edit_governance(
            session,
            lambda each: replace(
                each, needs=each.needs | {"seals"}, rules=replace(each.rules, unwaivable=())
            ),
            "seal",
            yes=yes,
        )
        return edited.governance.needs

    with pytest.raises(UsageError, match=r"every packreg before 9\.9\.0 stop"):
        edit(False)
    assert edit(True) == {"seals"}
    assert edit(False) == {"seals"}
