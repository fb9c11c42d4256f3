"""Somebody who can write to the bucket puts an older state, another history or another registry there."""

from __future__ import annotations

import json
import os
import re
import shutil
import threading
from collections.abc import Callable

import pytest

from packreg.analyzer.program import Stack
from packreg.cli.context import CommandContext
from packreg.errors import IntegrityError
from packreg.guard.backend import GuardBackend
from packreg.install.known import Known
from packreg.services.continuity import memory_of
from tests.cli.conftest import Done, User, user  # noqa: F401  the fixture
from tests.operators import with_operators_file

ASKED = ("required", "shop/dev")


@pytest.fixture
def known(user: User) -> User:  # noqa: F811
    """Somebody whose home has seen revision 4 of a registry's governance, in which a pack is required."""
    user.extra |= {"PACKREG_REGISTRY": str(user.top / "registry"), "PACKREG_HOME": str(user.top / "home")}
    user.must("init", "--quiet")
    user.publish("limits", "1.0.0")
    for group in ("a", "b"):
        user.must("group", "new", group, "--quiet")
    shutil.copytree(user.top / "registry", user.top / "older")
    user.must("enable", "--yes", "limits", "--quiet")
    user.must(*ASKED)
    return user


def put(who: User, place: str) -> None:
    """Put another registry in the place of the one that is known."""
    shutil.rmtree(who.top / "registry")
    shutil.copytree(who.top / place, who.top / "registry")


def older(who: User) -> None:
    """The state before the last change."""
    put(who, "older")


def rewritten(who: User) -> None:
    """The same number of revisions, of which the last is another one."""
    put(who, "older")
    with another_home(who):
        who.must("group", "new", "c", "--quiet")


def rewritten_further(who: User) -> None:
    """More revisions than are known, of which the known one is another one."""
    rewritten(who)
    with another_home(who):
        for group in ("d", "e"):
            who.must("group", "new", group, "--quiet")


def another(who: User) -> None:
    """Another registry, that has as many revisions."""
    with another_home(who):
        shutil.rmtree(who.top / "registry")
        who.must("init", "--quiet")
        for group in ("a", "b", "c"):
            who.must("group", "new", group, "--quiet")


def emptied(who: User) -> None:
    """The same registry, with a listing of governance that is empty."""
    shutil.rmtree(who.top / "registry" / "governance")


class another_home:
    """While it lasts, the user has a home that knows nothing."""

    def __init__(self, who: User) -> None:
        self.who, self.before = who, dict(who.extra)

    def __enter__(self) -> None:
        self.who.extra["PACKREG_HOME"] = str(self.who.top / f"home-{os.urandom(4).hex()}")

    def __exit__(self, *_: object) -> None:
        self.who.extra = self.before


ATTACKS: list[tuple[Callable[[User], None], str]] = [
    (older, "is at revision 3, but this machine has seen revision 4"),
    (rewritten, "revision 4 of governance of .* is not the one that this machine has seen: its digest is"),
    (rewritten_further, "revision 4 of governance of .* is not the one that this machine has seen"),
    (another, "is another registry: its id is .*, and was"),
    (emptied, "is at revision 0, but this machine has seen revision 4"),
]


@pytest.mark.parametrize(("attack", "said"), ATTACKS, ids=lambda each: getattr(each, "__name__", ""))
def test_what_is_there_does_not_continue_what_was_seen(
    known: User, attack: Callable[[User], None], said: str
) -> None:
    """Whoever judges or edits stops with exit code 8 and both states, and so does the guard."""
    attack(known)
    for words in (ASKED, ("why", "shop/dev"), ("group", "ls"), ("enable", "limits"), ("waiver", "ls")):
        done = known(*words)
        assert done.code == 8, done
        assert re.search(said, done.err), done.err
    session = CommandContext(known.environ)
    session.__dict__["cwd"] = str(known.directory)
    with pytest.raises(IntegrityError, match=said):
        GuardBackend(session).prepare(Stack("dev", "shop", "organization"), "preventative")


@pytest.mark.parametrize("attack", [older, rewritten, rewritten_further, another])
def test_it_is_accepted_by_its_digest_and_by_nothing_less(
    known: User, attack: Callable[[User], None]
) -> None:
    """The command that the hint names makes it known; it accepts only the state that was shown."""
    attack(known)
    done = known(*ASKED)
    [command] = re.findall(r"`packreg (init --accept [0-9a-f]{16})`", done.err)
    for wrong in ("0" * 16, command.split()[-1][:4], ""):
        assert known("init", "--accept", wrong).code in (2, 8)
        assert known(*ASKED).code == 8
    known.must(*command.split())
    known.must(*ASKED)


def test_a_registry_is_made_anew_where_one_is_gone(known: User) -> None:
    """A mount is gone: neither asking nor `init` makes a new registry there, unless it is said knowingly."""
    shutil.rmtree(known.top / "registry")
    assert "is a mount or a bucket gone?" in known(*ASKED).err
    done = known("init")
    assert done.code == 8
    assert not (known.top / "registry").exists()
    known.must("init", "--accept", "new")
    known.must(*ASKED)


def test_what_continues_it_is_remembered(known: User) -> None:
    """Others may add any number of revisions; then these are known."""
    with another_home(known):
        for group in ("c", "d", "e"):
            known.must("group", "new", group, "--quiet")
    shutil.copytree(known.top / "registry", known.top / "newer")
    known.must(*ASKED)
    shutil.rmtree(known.top / "older")
    shutil.copytree(known.top / "newer", known.top / "older")
    (last,) = sorted((known.top / "older" / "governance").iterdir())[:1]
    last.unlink()
    put(known, "older")
    assert known(*ASKED).code == 8


@pytest.mark.parametrize("text", [b"", b"{}", b"\0" * 100_000, b'{"revision": 999}', None])
def test_somebody_writes_into_the_memory(known: User, text: bytes | None) -> None:
    """What this user did not write there, or wrote for another registry, says nothing and stops nobody."""
    [file] = (known.top / "home" / "known").glob("*.json")
    whole = file.read_bytes()
    forged = json.loads(whole) | {"revision": 999}
    file.write_bytes(json.dumps(forged).encode() if text is None else text)
    known.must(*ASKED)
    older(known)
    assert known(*ASKED).code == 8, "it was remembered anew"


def test_a_home_that_cannot_be_written_goes_on(known: User) -> None:
    """It is said that nothing is remembered, and that is all."""
    known.extra["PACKREG_HOME"] = str(known.top / "blocked")
    (known.top / "blocked").write_text("a file")
    done = known.must(*ASKED)
    assert "this machine cannot remember what it saw" in done.err


def test_runs_at_once_forget_nothing(known: User) -> None:
    """However many runs write the memory at the same time, the highest revision stays known."""
    session = CommandContext(known.environ)
    session.__dict__["cwd"] = str(known.directory)
    session.home.key.lasts  # noqa: B018  the key is made once
    seen = [Known("id", number, f"{number:064x}") for number in range(1, 30)]
    memory_of(session).keep(seen[0], accepted=True)
    threads = [threading.Thread(target=memory_of(session).keep, args=(each,)) for each in seen]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert memory_of(session).get() == seen[-1]


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ('registry_id = "other"', 8, "says other"),
        ("lowest_revision = 5", 8, "is at revision 4, and /etc/packreg/packreg.toml says 5"),
        ("lowest_revision = 4", 0, ""),
    ],
)
def test_a_machine_without_memory_is_told_by_the_operator(
    known: User, text: str, code: int, said: str
) -> None:
    """On a new runner the operator's file holds the id and the lowest revision."""
    within = with_operators_file(known.top, f'[registry]\nurl = "{known.top}/registry"\n{text}\n')
    with another_home(known):
        done = known.process(*ASKED, within=within)
    assert done.returncode == code, done
    assert said in done.stderr.decode()


def replica(who: User, lag: int) -> None:
    """Let the known registry be a replica that may lag so many seconds."""
    settings = who.top / "registry" / "registry.json"
    settings.write_bytes(settings.read_bytes().replace(b'"home"', b'"replica"'))
    config = who.top / "user" / ".config" / "packreg"
    config.mkdir(parents=True, exist_ok=True)
    (config / "packreg.toml").write_text(f"[registry]\nreplica_lag_seconds = {lag}\n")


def test_a_replica_may_be_behind_for_a_while(known: User) -> None:
    """For so long an older state of a replica counts; later it is one that somebody put back."""
    older(known)
    replica(known, 100_000)
    known.must(*ASKED)
    session = CommandContext(known.environ)
    session.__dict__["cwd"] = str(known.directory)
    memory = memory_of(session)
    before = memory.get()
    assert before is not None
    memory.keep(before._replace(seen=before.seen - 200_000), accepted=True)
    done: Done = known(*ASKED)
    assert done.code == 8
    assert "is at revision 3, but this machine has seen revision 4" in done.err


def test_a_replica_brings_another_history(known: User) -> None:
    """Being behind is no excuse for another revision under a known number."""
    rewritten(known)
    replica(known, 100_000)
    assert known(*ASKED).code == 8
