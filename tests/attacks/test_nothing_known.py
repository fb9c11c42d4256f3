"""A registry that is empty, gone or half there is taken for one that requires nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from packreg.analyzer.program import Stack
from packreg.cli.context import CommandContext
from packreg.errors import NotFound
from packreg.guard.backend import GuardBackend
from tests.cli.conftest import User, user, write_pack  # noqa: F401  the fixture
from tests.cli.governed import GOOD, write_stack, write_state

ASKED = {
    "required": ("required", "shop/dev"),
    "why": ("why", "shop/dev"),
    "enforce": ("enforce", "shop/dev", "--state", "state.json"),
    "audit": ("audit", "--all", "--backend", "file://states"),
    "impact": ("impact", "limits@1.0.0", "--backend", "file://states"),
    "group ls": ("group", "ls"),
    "waiver ls": ("waiver", "ls"),
    "group export": ("group", "export"),
}


@pytest.fixture
def governed(user: User) -> User:  # noqa: F811
    """Somebody with a named registry, in which every stack must pass a pack."""
    user.extra["PACKREG_REGISTRY"] = str(user.top / "registry")
    user.must("init", "--quiet")
    user.publish("limits", "1.0.0")
    user.must("enable", "--yes", "limits", "--quiet")
    write_state(user.directory / "state.json", "shop", "dev", GOOD)
    write_stack(user.directory / "states", "shop", "dev", GOOD)
    return user


def guard(who: User) -> None:
    """What the guard asks before it lets a stack go on."""
    session = CommandContext(who.environ)
    session.__dict__["cwd"] = str(who.directory)
    GuardBackend(session).prepare(Stack("dev", "shop", "organization"), "preventative")


@pytest.mark.parametrize("words", ASKED.values(), ids=ASKED.keys())
def test_a_listing_is_answered_empty(governed: User, words: tuple[str, ...]) -> None:
    """A store that lists no revision of governance makes everything that judges stop, and says what to do."""
    shutil.move(governed.top / "registry" / "governance", governed.top / "aside")
    assert governed(*words).code == 8, "a home that has seen revisions knows better"
    governed.extra["PACKREG_HOME"] = str(governed.top / "new-home")
    done = governed(*words)
    assert done.code == 6, done
    assert "has no revision of governance, so it is not known what must run" in done.err
    assert "`packreg init`" in done.err
    with pytest.raises(NotFound, match="no revision of governance"):
        guard(governed)


def test_who_publishes_and_installs_needs_no_governance(governed: User) -> None:
    """What decides nothing goes on without; a keeper's `init` writes the first revision, once."""
    shutil.move(governed.top / "registry" / "governance", governed.top / "aside")
    governed.publish("tags", "1.0.0")
    governed.must("install", "tags@1.0.0")
    governed.extra["PACKREG_HOME"] = str(governed.top / "new-home")
    governed.must("init")
    assert governed.must("required", "shop/dev", "--json").json()["revision"] == 1
    governed.must("init")
    assert governed.must("required", "shop/dev", "--json").json()["revision"] == 1


@pytest.mark.parametrize(
    "words",
    [
        *ASKED.values(),
        ("publish", "pack", "--no-run"),
        ("publish", "pack", "--no-run", "--dry-run"),
        ("enable", "limits"),
        ("group", "new", "prod"),
        ("env", "set", "prod", "env.yaml"),
        ("yank", "limits@1.0.0", "--reason", "x"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_a_mount_is_gone(governed: User, words: tuple[str, ...]) -> None:
    """The directory of a named registry is empty: nothing is made there, and nothing passes."""
    shutil.rmtree(governed.top / "registry")
    (governed.top / "registry").mkdir()
    write_pack(governed.directory / "pack", "tags", "1.0.0")
    (governed.directory / "env.yaml").write_text("values: {}\n")
    governed.extra["PACKREG_HOME"] = str(governed.top / "new-home")
    done = governed(*words)
    assert done.code in (6, 9), done
    assert "there is no registry" in done.err
    assert "packreg init" in done.err
    assert not list((governed.top / "registry").iterdir())
    with pytest.raises(NotFound, match="there is no registry"):
        guard(governed)


@pytest.mark.parametrize(
    "words",
    [
        *ASKED.values(),
        ("env", "set", "prod", "env.yaml"),
        ("disable", "limits"),
        ("waiver", "add", "a:b", "--stack", "a/b", "--expires", "1d", "--reason", "x"),
        ("publish", "pack", "--no-run", "--dry-run"),
        ("list",),
        ("doctor",),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_the_default_registry_appears_by_asking(user: User, words: tuple[str, ...]) -> None:  # noqa: F811
    """Who never named a registry and only asks gets no empty one that later answers for the real one."""
    write_state(user.directory / "state.json", "shop", "dev", GOOD)
    write_stack(user.directory / "states", "shop", "dev", GOOD)
    write_pack(user.directory / "pack", "tags", "1.0.0")
    (user.directory / "env.yaml").write_text("values: {}\n")
    user(*words)
    with pytest.raises(NotFound, match="there is no registry"):
        guard(user)
    assert not (default(user) / "registry.json").exists()


@pytest.mark.parametrize(
    "words",
    [("publish", "pack", "--no-run"), ("group", "new", "prod"), ("enable", "tags@1.0.0")],
    ids=lambda words: words[0],
)
def test_the_default_registry_is_made_whole(user: User, words: tuple[str, ...]) -> None:  # noqa: F811
    """The first `publish`, `group` or `enable` makes it with governance, and answers from it name it."""
    write_pack(user.directory / "pack", "tags", "1.0.0")
    user(*words)
    assert (default(user) / "registry.json").exists()
    done = user.must("required", "shop/dev")
    assert f"no registry is named, so {default(user)} is used" in done.err


def default(user: User) -> Path:  # noqa: F811
    """Where the user's own registry is."""
    return user.top / "user" / ".local" / "share" / "packreg" / "registry"
