"""Somebody changes, perhaps by mistake, what everyone must pass; nothing of it happens without a word."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import User
from tests.cli.conftest import user as user  # a fixture
from tests.cli.governed import GOOD, write_state

pytestmark = pytest.mark.usefixtures("opa")

DEFAULT = "default-preventative-policy-group"
WAIVER = ("--expires", "30d", "--reason", "x", "--owner", "ada")


@pytest.fixture
def keeper(user: User) -> User:
    """A keeper of a registry with two versions of a pack, two groups, and reports of two stacks."""
    user.extra["PACKREG_REGISTRY"] = str(user.top / "registry")
    user.must("init", "--quiet")
    user.publish("limits", "1.0.0", run=True)
    user.publish("limits", "1.1.0", run=True)
    user.must("group", "new", "prod", "--add-stack", "*/prod", "--quiet")
    for stack in ("dev", "prod"):
        write_state(user.directory / "state.json", "shop", stack, GOOD)
        user.must("enforce", f"shop/{stack}", "--state", "state.json", "--quiet")
    return user


def revision(user: User) -> int:
    """The newest revision of governance."""
    found = user.must("group", "ls", "--json").json()["revision"]
    assert isinstance(found, int)
    return found


@pytest.mark.parametrize(
    ("words", "touched"),
    [
        (["enable", "limits@latest"], 2),
        (["disable", "limits"], 2),
        (["group", "edit", DEFAULT, "--add-policy-pack", "limits"], 2),
        (["group", "edit", "prod", "--add-stack", "*/*"], 2),
        (["waiver", "add", "limits:deny", "--resource", "*", *WAIVER], 2),
        (["waiver", "add", "limits:deny", "--stack", "*/*", *WAIVER], 2),
        (["waiver", "add", "limits:deny", "--stack", "shop/*", *WAIVER], 2),
    ],
)
def test_what_is_for_everyone_needs_a_yes(keeper: User, words: list[str], touched: int) -> None:
    """Without a terminal and without --yes: exit code 2, the number of stacks, and nothing is written."""
    if words[0] == "disable":
        keeper.must("enable", "limits", "--yes", "--quiet")
    before = revision(keeper)
    done = keeper(*words)
    assert (done.code, done.out) == (2, "")
    assert f"{touched} of 2 stacks and accounts with reports" in done.err
    assert "hint: add --yes" in done.err
    dry = keeper.must(*words, "--dry-run", "--json").json()
    assert (dry["written"], dry["reach"]["touched"], dry["reach"]["everyone"]) == (False, touched, True)
    assert dry["changes"]
    assert revision(keeper) == before
    assert "this affects" in keeper.must(*words, "--yes").err
    assert revision(keeper) == before + 1


@pytest.mark.parametrize(
    "words",
    [
        ["enable", "limits@1.0.0", "--group", "prod"],
        ["waiver", "add", "limits:deny", "--stack", "shop/prod", *WAIVER],
    ],
)
def test_what_is_for_some_says_for_how_many(keeper: User, words: list[str]) -> None:
    """A change of one group or stack needs no yes, and says whom it touches."""
    said = keeper.must(*words, "--dry-run").err
    assert "this would affect 1 of 2 stacks and accounts with reports" in said
    assert "this would change; nothing was written" in said
    assert "this affects 1 of 2 stacks and accounts with reports" in keeper.must(*words).err


def test_a_name_alone_pins_the_newest_version(keeper: User) -> None:
    """Nobody follows every later release by leaving the version out, and it is said how to."""
    done = keeper.must("enable", "limits", "--group", "prod")
    assert '"version": "1.1.0"' in done.out
    assert "`packreg enable limits@latest --group prod` follows new ones" in done.err
    keeper.must("enable", "limits@1.0.0", "--group", "prod", "--quiet")
    keeper.must("enable", "limits", "--no-config", "--group", "prod", "--quiet")
    assert "1.0.0" in keeper.must("group", "get", "prod").out, "another change leaves its version alone"
    keeper.must("enable", "limits@latest", "--group", "prod", "--quiet")
    assert "limits@latest" in keeper.must("group", "get", "prod").out


@pytest.mark.parametrize(
    ("policy", "code", "said"),
    [
        ("limits:dney", 6, "limits has no policy 'dney'"),
        ("limits:*", 2, "a waiver is for one policy"),
        ("limits:den?", 2, "a waiver is for one policy"),
        ("limits:[a-z]*", 2, "a waiver is for one policy"),
        ("nothing:deny", 6, "there is no pack 'nothing'"),
    ],
)
def test_a_waiver_for_nothing_is_refused(keeper: User, policy: str, code: int, said: str) -> None:
    """A misspelt policy, a pack that is not there or a glob waives nothing, and says so."""
    before = revision(keeper)
    done = keeper("waiver", "add", policy, "--stack", "shop/prod", *WAIVER)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert revision(keeper) == before


def test_a_pack_that_did_not_say_its_policies_may_be_waived(keeper: User) -> None:
    """Nobody knows the policies of a pack that was never run: that is said, and the waiver taken."""
    keeper.publish("quiet", "1.0.0")
    done = keeper.must("waiver", "add", "quiet:anything", "--stack", "shop/prod", *WAIVER)
    assert "has no metadata" in done.err


def test_drift_has_an_exit_code(keeper: User) -> None:
    """`group apply --dry-run` says "would change" and ends with 14; where nothing would, with 0."""
    (keeper.directory / "groups.yaml").write_text("groups: {prod: {packs: {limits: 1.0.0}}}\n", "utf-8")
    done = keeper("group", "apply", "groups.yaml", "--dry-run")
    assert done.code == 14
    assert "limits" in done.out
    assert "this would change; nothing was written" in done.err
    assert "nothing to change" not in done.err
    keeper.must("group", "apply", "groups.yaml", "--yes", "--quiet")
    done = keeper("group", "apply", "groups.yaml", "--dry-run")
    assert (done.code, done.out) == (0, "")
    assert "nothing to change" in done.err


def test_removing_what_a_group_means_names_the_groups(keeper: User, tmp_path: Path) -> None:
    """A pinned version, the latest, the newest of a range: exit code 2 with the groups, until --yes."""
    for group, asked in (("prod", "1.1.0"), ("follow", "latest"), ("range", "^1"), ("only", ">=1.1")):
        if group != "prod":
            keeper.must("group", "new", group, "--add-stack", f"x/{group}", "--quiet")
        keeper.must("enable", f"limits@{asked}", "--group", group, "--quiet")
    bare = keeper("remove", "limits@1.1.0", "--yes")
    assert (bare.code, bare.out) == (2, "")
    assert "needs a reason" in bare.err
    words = ("remove", "limits@1.1.0", "--reason", "holds a secret")
    done = keeper(*words)
    assert (done.code, done.out) == (2, "")
    for said in ("prod pins it", "follow asks for latest, and moves to 1.0.0", "range asks for ^1"):
        assert said in done.err
    assert "only asks for >=1.1, and has no version left" in done.err
    found = keeper.must(*words, "--yes", "--json").json()["groups"]
    assert {each["group"]: each["effect"] for each in found} == {
        "prod": "pinned",
        "follow": "moves",
        "range": "moves",
        "only": "nothing-left",
    }


def test_yanking_the_last_version_of_a_group_needs_a_yes(keeper: User) -> None:
    """A yank that leaves a group with nothing is refused; one that is pinned says who goes on running it."""
    keeper.must("enable", "limits@1.1.0", "--group", "prod", "--quiet")
    done = keeper.must("yank", "limits@1.1.0", "--reason", "wrong")
    assert "prod pins it, and goes on running it" in done.err
    keeper.must("group", "new", "follow", "--add-stack", "x/follow", "--quiet")
    keeper.must("enable", "limits@latest", "--group", "follow", "--quiet")
    words = ("yank", "limits@1.0.0", "--reason", "wrong too")
    done = keeper(*words)
    assert (done.code, done.out) == (2, "")
    assert "follow asks for latest, and has no version left" in done.err
    keeper.must(*words, "--yes")
