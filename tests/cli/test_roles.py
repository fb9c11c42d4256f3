"""The table of roles in docs/operating.md: each role's commands work with its rights, and use all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from packreg.errors import StoreRefused
from packreg.registry.holders import Holders
from packreg.services.reports import ReportStore
from packreg.store import open as opening
from packreg.store.bucket import Bucket
from packreg.store.open import open_store
from tests.cli.conftest import User
from tests.cli.kept import keep
from tests.registry.buckets import Tapped
from tests.reports.findings import guard
from tests.reports.kept import stored
from tests.services.conftest import workspace_for

PAGE = (Path(__file__).parents[2] / "docs" / "operating.md").read_text("utf-8")
ROW = re.compile(r"^\| `([a-z]+)` \| [^|]* \|([^|]*)\|([^|]*)\|$", re.MULTILINE)
#: Role -> the patterns of keys that it creates, and those that it deletes.
ROLES = {
    role: {"put_new": re.findall(r"`([^`]+)`", creates), "delete": re.findall(r"`([^`]+)`", deletes)}
    for role, creates, deletes in ROW.findall(PAGE.partition("## Least privilege")[2].partition("\n## ")[0])
}
RULE = ("--older-than", "1", "--also", "last-of-day,waived", "--yes")
#: Role -> what it runs; the rest of what it is for asks for the same.
COMMANDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "installer": (
        ("install", "guard@0.1.0", "--no-env"),
        ("required", "shop/dev"),
        ("why", "shop/dev"),
        ("versions", "guard"),
    ),
    "auditor": (("verify", "guard"), ("findings", "ls"), ("compliance",), ("report",)),
    "publisher": (("publish", "next", "--no-lock", "--no-run"),),
    "agent": (),
    "governance": (
        ("group", "new", "prod", "--add-stack", "shop/prod"),
        ("enable", "guard", "--group", "prod", "--yes"),
        ("disable", "guard", "--group", "prod", "--yes"),
        ("env", "set", "prod", "a", "1"),
        ("env", "tag", "prod@1", "good"),
    ),
    "operator": (
        ("yank", "guard@0.1.0", "--reason", "x", "--yes"),
        ("remove", "guard@0.1.0", "--reason", "x", "--yes"),
        ("gc", "--yes"),
        ("transferred", "--reason", "x", "--yes"),
        ("reports", "prune", *RULE),
    ),
}


class Rights:
    """What a role may do, and which of its patterns were used."""

    def __init__(self, role: str) -> None:
        self._may = ROLES[role]
        self.used: set[str] = set()

    def check(self, verb: str, key: str) -> None:
        """Refuse to create or delete what no pattern of the role has."""
        if verb not in self._may:
            return
        fits = [pattern for pattern in self._may[verb] if fnmatchcase(key, pattern)]
        self.used |= {f"{verb} {pattern}" for pattern in fits}
        if not fits:
            raise StoreRefused(f"{verb} {key}: access denied", hint="ask for the right")

    @property
    def unused(self) -> set[str]:
        """Patterns that nothing asked for."""
        return {
            f"{verb} {pattern}" for verb, patterns in self._may.items() for pattern in patterns
        } - self.used


@pytest.fixture
def team(user: User) -> User:
    """A user of a registry with a release, four audits and groups; and a second pack to publish."""
    keep(user, *(stored(guard(), day=day) for day in range(1, 5)))
    for name in ("guard", "next"):
        user.must("new", "-q", "python", name)
    user.must("publish", "-q", "guard", "--no-lock", "--no-run")
    return user


def limited(monkeypatch: pytest.MonkeyPatch, role: str) -> Iterator[Rights]:
    """The rights of a role, which every bucket that is opened holds to."""
    rights, real = Rights(role), opening._bucket

    def bucket(*arguments: object) -> Bucket:
        return Tapped(real(*arguments), before=rights.check)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(opening, "_bucket", bucket)
        yield rights


@pytest.mark.parametrize("role", COMMANDS)
def test_a_role_can_do_what_it_is_for_and_needs_all_that_it_may(
    team: User, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    """On a store that refuses all else."""
    for rights in limited(monkeypatch, role):
        for words in COMMANDS[role]:
            done = team(*words)
            assert done.code == 0, done
        if role == "agent":  # what the guard, `enforce` and `audit` leave
            workspace = workspace_for(team)
            ReportStore(workspace).save(stored(guard(), day=9))
            Holders(workspace.store).add("organization/shop/dev", "0" * 32, "s3://states")
        assert rights.unused == set()


@pytest.mark.parametrize(
    ("role", "words"),
    [
        ("installer", ("publish", "next", "--no-lock", "--no-run")),
        ("auditor", ("reports", "prune", *RULE)),
        ("publisher", ("enable", "guard", "--yes")),
        ("agent", ("reports", "prune", *RULE)),
        ("governance", ("yank", "guard@0.1.0", "--reason", "x", "--yes")),
        ("operator", ("enable", "guard", "--yes")),
    ],
)
def test_a_role_cannot_do_what_another_is_for(
    team: User, monkeypatch: pytest.MonkeyPatch, role: str, words: tuple[str, ...]
) -> None:
    """It is refused with exit code 9, and what was there stays."""
    store = open_store(team.extra["PACKREG_REGISTRY"])
    before = {entry.key for entry in store.list_all("")}
    for _ in limited(monkeypatch, role):
        assert team(*words).code == 9
    assert before <= {entry.key for entry in store.list_all("")}


def test_every_role_of_the_page_is_tried() -> None:
    """And no other."""
    assert ROLES.keys() == COMMANDS.keys()
