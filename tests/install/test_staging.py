"""Becoming visible in one step: what lies at a place, and beside it, whatever happened before."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.install.home import Home
from packreg.install.marker import write_marker
from packreg.install.staging import reveal, staged, sweep, sweep_others


def make(path: Path, content: str) -> Path:
    """A directory with one file in it."""
    path.mkdir(parents=True)
    (path / "file").write_text(content)
    return path


def finish(home: Home, path: Path) -> Path:
    """Make a directory a whole one, as an installation does at its end."""
    environment = {"kind": "none", "path": "", "store": "", "python": ""}
    facts = dict.fromkeys(("name", "version", "digest", "bundle", "registry", "packreg"), "")
    write_marker(home.key, str(path), str(path), {**facts, "leave": [], "environment": environment})
    return path


def there(parent: Path) -> dict[str, str]:
    """The directories in `parent` by name, with what their file says."""
    return {path.parent.name: path.read_text() for path in parent.glob("*/file")}


@pytest.mark.parametrize("before", [False, True])
def test_a_whole_directory_takes_its_place(tmp_path: Path, before: bool) -> None:
    """Nothing of what was there is left, at the place or beside it."""
    place = tmp_path / "deep" / "pack"
    if before:
        (make(place, "old") / "more").write_text("x")
    with staged(place) as staging:
        make(staging, "new")
        reveal(staging, place)
    assert there(place.parent) == {"pack": "new"}
    assert [path.name for path in place.iterdir()] == ["file"]


def test_what_was_there_comes_back_when_the_new_one_cannot_take_its_place(tmp_path: Path) -> None:
    """A rename that fails leaves the place as it was, and says so."""
    place = make(tmp_path / "pack", "old")
    with pytest.raises(FileNotFoundError), staged(place) as staging:
        reveal(staging, place)  # nobody made it
    assert there(tmp_path) == {"pack": "old"}


def test_what_is_not_revealed_goes(tmp_path: Path) -> None:
    """A body that fails leaves nothing, and the place as it was."""
    place = make(tmp_path / "pack", "old")
    with pytest.raises(KeyboardInterrupt), staged(place) as staging:
        make(staging, "half")
        raise KeyboardInterrupt
    assert there(tmp_path) == {"pack": "old"}


def test_what_was_put_aside_comes_back_only_where_nothing_is_and_only_whole(
    tmp_path: Path, home: Home
) -> None:
    """What a run that was killed between its two renames leaves is put back by the next one."""
    place = tmp_path / "pack"
    finish(home, make(tmp_path / ".old-pack-0badcafe", "old"))
    sweep(place)
    assert there(tmp_path) == {"pack": "old"}

    finish(home, make(tmp_path / ".old-pack-1badcafe", "older"))
    sweep(place)
    assert there(tmp_path) == {"pack": "old"}, "what is at the place is newer"

    make(tmp_path / ".old-pack-2badcafe", "torn")
    make(tmp_path / ".old-other-2badcafe", "torn")
    sweep(tmp_path / "other")
    assert there(tmp_path) == {"pack": "old", ".old-pack-2badcafe": "torn"}, "half of one is none"


def test_only_what_was_left_of_this_place_is_swept(tmp_path: Path) -> None:
    """Other places' directories, and names that only begin alike, are somebody else's."""
    kept = [
        ".staging-pack-2-0badcafe",
        ".staging-pack-0badcafe0",
        ".staging-pack-bad-cafe",
        ".old-packs-0badcafe",
    ]
    for name in (*kept, ".staging-pack-0badcafe", ".old-pack-0badcafe"):
        make(tmp_path / name, "x")
    sweep(tmp_path / "pack")
    assert sorted(there(tmp_path)) == sorted(kept)
    sweep(tmp_path / "nowhere" / "pack")


def test_what_is_left_of_places_that_somebody_works_on_stays(tmp_path: Path, home: Home) -> None:
    """Places whose lock is free are mended, also with dashes in their names; the others are not touched."""
    finish(home, make(tmp_path / ".old-1.0.0-rc.1-0badcafe", "put aside"))
    for name in (".staging-1.0.0-rc.1-0badcafe", ".staging-2.0.0-0badcafe", ".old-2.0.0-1badcafe", "3.0.0"):
        make(tmp_path / name, "x")
    asked: list[str] = []

    def is_free(name: str) -> bool:
        asked.append(name)
        return name != "2.0.0"

    sweep_others(tmp_path, is_free)
    assert sorted(asked) == ["1.0.0-rc.1", "2.0.0"], "once each"
    assert there(tmp_path) == {
        "1.0.0-rc.1": "put aside",
        ".staging-2.0.0-0badcafe": "x",
        ".old-2.0.0-1badcafe": "x",
        "3.0.0": "x",
    }
    sweep_others(tmp_path / "nowhere", is_free)
