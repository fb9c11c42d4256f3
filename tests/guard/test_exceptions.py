"""Policy exceptions of the CLI for the guard are found, and what may hold some is never taken for none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil
import pytest

from packreg.guard.exceptions import NO_EXCEPTIONS, Exceptions, exceptions_of
from packreg.services.pulumi_options import CONFIGS, PACKS

MATCH = {"policies": ["p"], "targets": ["urn:pulumi:dev::shop::demo:index:Bucket::b"]}
HELD = json.dumps({"version": 2, "exceptions": {"E-1": {"reason": "none", "match": [MATCH]}}})
#: Waits, with whatever command line and variables it was given, as the Pulumi CLI waits for its packs.
CLI = "import sys; sys.stdin.read()"


class Place:
    """A directory with the guard, a pack of a directory and one of a file, and a CLI that works there."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "guard").touch()
        (directory / "file").touch()
        (directory / "pack").mkdir()
        self.started: list[subprocess.Popen[bytes]] = []

    def write(self, name: str, content: str) -> str:
        """Write a configuration; gives its name."""
        (self.directory / name).write_text(content)
        return name

    def look(
        self, words: Sequence[str], variables: Mapping[str, str], own: Mapping[str, str] | None = None
    ) -> Exceptions:
        """What is found of a CLI with these words and variables; `own` are ours, if they are others."""
        started = subprocess.Popen(
            [sys.executable, "-c", CLI, *words],
            cwd=self.directory,
            env=dict(variables),
            stdin=subprocess.PIPE,
        )
        self.started.append(started)
        process = psutil.Process(started.pid)
        while not process.cmdline():  # it is about to become the program
            time.sleep(0.001)
        return exceptions_of(
            process,
            variables if own is None else own,
            lambda path: path == self.directory / "guard",
        )


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Where the CLI works."""
    made = Place(tmp_path)
    yield made
    for started in made.started:
        started.communicate()


GUARD = {PACKS: "guard"}


@pytest.mark.parametrize(
    ("words", "variables"),
    [
        (["--policy-pack-config", "held.json"], GUARD),
        (["--policy-pack-config=./held.json"], GUARD),
        (["--policy-pack", "pack", "--policy-pack-config", "held.json,none.json"], GUARD),
        (["--policy-pack", "guard", "--policy-pack-config", "none.json,held.json"], GUARD),
        ([], {PACKS: "pack,guard", CONFIGS: "none.json,held.json"}),
        (["--policy-pack-config", "held.json"], {PACKS: "file"}),
        (["--policy-pack-config", "link.json"], GUARD),
    ],
)
def test_exceptions_at_the_position_of_the_guard_are_found(
    place: Place, words: list[str], variables: dict[str, str]
) -> None:
    """In flags and variables, at any position that is the guard's, or of the only file that may start it."""
    place.write("held.json", HELD)
    place.write("none.json", "{}")
    (place.directory / "link.json").symlink_to("held.json")
    found = place.look(words, variables).found
    assert "policy exceptions" in found
    assert ".json" in found
    assert "packreg waiver add" in found


@pytest.mark.parametrize(
    "content",
    [
        HELD.replace("exceptions", "EXCEPTIONS"),
        HELD.replace("exceptions", "exception\u017f"),
        HELD[:-1] + ', "exceptions": null}',
        "\ufeff" + HELD,
        '{"version": 2, "environments": ["acme/e"]}',
        '{"environments": ["acme/e"]}',
    ],
)
def test_they_are_found_however_the_cli_would_find_them(place: Place, content: str) -> None:
    """Go takes no note of case; and an environment would give the guard variables."""
    place.write("c.json", content)
    assert place.look(["--policy-pack-config", "c.json"], GUARD).found


@pytest.mark.parametrize(
    "content", ["", " ", "{}", "null", '{"version": 2}', '{"version": 2, "exceptions": {}}']
)
def test_a_configuration_of_nothing_is_fine(place: Place, content: str) -> None:
    """As `packreg run` gives one to the guard."""
    place.write("c.json", content)
    assert place.look(["--policy-pack-config", "c.json"], GUARD) == NO_EXCEPTIONS


def test_exceptions_for_packs_of_the_users_own_are_theirs(place: Place) -> None:
    """A pack at another position may have them: nothing is found for the guard, and nothing doubtful."""
    place.write("held.json", HELD)
    place.write("none.json", "{}")
    words = [
        "--policy-pack",
        "pack",
        "--policy-pack-config",
        "none.json",
        "--policy-pack-config",
        "held.json",
    ]
    assert place.look(words, GUARD) == NO_EXCEPTIONS
    assert place.look([], {}) == place.look(["--policy-pack", "pack"], GUARD) == NO_EXCEPTIONS
    words[1] = "file"
    mine = place.look(words, GUARD)
    assert (mine.found, "may be meant for the guard" in mine.unsure) == ("", True), (
        "a file may start the guard, too"
    )


def make(place: Place, kind: str) -> str:
    """Something that cannot be read as the CLI read it; gives what to call it."""
    path = place.directory / "c.json"
    if kind == "missing":
        return "c.json"
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a directory":
        path.mkdir()
    elif kind == "huge":
        with path.open("wb") as file:
            file.truncate(1 << 40)
    elif kind == "a descriptor":
        return "/dev/fd/5"
    elif kind == "its own":
        return f"/proc/self/cwd/{place.write('c.json', '{}')}"
    elif kind == "a link to its own":
        path.symlink_to(f"/proc/self/cwd/{place.write('d.json', '{}')}")
    elif kind == "a loop":
        path.symlink_to("c.json")
    elif kind == "deep":
        path.write_text('{"a":' * 100_000)
    elif kind == "no JSON":
        path.write_text("{'version': 2}")
    return "c.json"


KINDS = ["missing", "a pipe", "a directory", "huge", "a descriptor", "its own", "a link to its own", "a loop"]


@pytest.mark.parametrize("kind", [*KINDS, "deep", "no JSON"])
def test_what_cannot_be_read_as_the_cli_read_it_is_doubtful(place: Place, kind: str) -> None:
    """Nothing is read for ever or without bound, and nothing believed that another process sees otherwise."""
    looked = place.look(["--policy-pack-config", make(place, kind)], GUARD)
    assert looked.found == ""
    assert looked.unsure.startswith("the configuration ")


@pytest.mark.parametrize(
    ("words", "own"),
    [
        (["-m", "--policy-pack", "--policy-pack-config", "held.json"], GUARD),
        (["--policy-pack", "pack", "--policy-pack-config", "none.json,held.json,none.json"], GUARD),
        ([], {**GUARD, CONFIGS: "held.json"}),
    ],
)
def test_a_file_that_may_be_for_the_guard_is_doubtful(
    place: Place, words: list[str], own: dict[str, str]
) -> None:
    """Where words can be read in two ways, or our variables are not the CLI's, all files are looked at."""
    place.write("held.json", HELD)
    place.write("none.json", "{}")
    looked = place.look(words, GUARD, own)
    assert (looked.found, "held.json" in looked.unsure) == ("", True)


def test_a_cli_that_is_not_seen_is_doubtful() -> None:
    """Nobody takes silence of the system for a command line without exceptions."""
    assert exceptions_of(None, {}, lambda path: True).unsure
    gone = subprocess.Popen([sys.executable, "-c", ""])
    process = psutil.Process(gone.pid)
    gone.wait()
    assert exceptions_of(process, {}, lambda path: True).unsure
