"""The stacks of a backend: which ones are meant, and working through them."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from packreg.analyzer.pool import Pool
from packreg.errors import NotFound, UsageError
from packreg.services.stacks import (
    Shard,
    StackSelection,
    StackTask,
    backend_of,
    read_since,
    read_stack,
    work_through,
)
from packreg.services.workspace import Workspace
from packreg.states.backend import StackEntry
from packreg.states.places import Place, open_place
from tests.cli.governed import GOOD, write_stack, write_tags

STACKS = ("blog/prod", "shop/dev", "shop/prod")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A backend with three stacks, each written a day after the one before, from 2026-08-01 on."""
    for number, stack in enumerate(STACKS):
        path = write_stack(tmp_path, *stack.split("/"), GOOD)
        os.utime(path, (1785542400 + 86400 * number,) * 2)
    return open_place(tmp_path.as_uri(), cwd=tmp_path)


def names(place: Place, selection: StackSelection) -> list[str]:
    """The stacks that are meant."""
    return [task.name.removeprefix("organization/") for task in selection.tasks(place)]


def test_all_are_meant_or_those_that_are_named(place: Place) -> None:
    """In order, and each once; one that is not there is an error, and no part of an answer."""
    assert names(place, StackSelection()) == list(STACKS)
    assert names(place, StackSelection(("shop/prod", "blog/prod", "organization/shop/prod"))) == [
        "blog/prod",
        "shop/prod",
    ]
    with pytest.raises(NotFound, match="has no stack shop/gone"):
        StackSelection(("shop/dev", "shop/gone")).tasks(place)
    with pytest.raises(UsageError):
        StackSelection(("prod",)).tasks(place)


def test_those_that_were_not_written_later_are_left_out(place: Place) -> None:
    """A time is the beginning of a day, or a moment; a stack of that very moment was not written later."""
    assert names(place, StackSelection(since=read_since("2026-08-02"))) == ["shop/prod"]
    assert names(place, StackSelection(since=read_since("2026-08-01T23:59:59.5Z"))) == [
        "shop/dev",
        "shop/prod",
    ]
    assert names(place, StackSelection(("blog/prod",), since=read_since("2026-08-02"))) == []
    for text in ("yesterday", "2026-13-01", "2026-08-01T12:00:00", "20260801", ""):
        with pytest.raises(UsageError):
            read_since(text)


def test_the_parts_of_all_stacks_are_disjoint_and_whole() -> None:
    """Each stack is in one of N parts, always the same, whatever else its entry says; none is empty."""
    stacks = [StackEntry(f"p{i}", "prod", "", 0.0) for i in range(3000)]
    parts = [Shard(part, 8) for part in range(1, 9)]
    assert all(sum(part.has(stack) for part in parts) == 1 for stack in stacks)
    assert min(sum(map(part.has, stacks)) for part in parts) > 300
    one, other = StackEntry("shop", "prod", "x", 1.0), StackEntry("shop", "prod", "y", 2.0)
    assert [part.has(one) for part in parts] == [part.has(other) for part in parts]


def test_a_part_is_written_as_one_of_so_many() -> None:
    """Everything else is misuse."""
    assert Shard.parse("2/8") == Shard(2, 8)
    for text in ("4/3", "0/3", "1/0", "x", "1", "1/2/3", "-1/2", "٢/٨"):
        with pytest.raises(UsageError):
            Shard.parse(text)


def test_stacks_are_named_with_one_backend(workspace: Workspace, tmp_path: Path) -> None:
    """The URL that is given, the operator's name of one, or none, which is misuse."""
    assert backend_of(workspace, ("shop/prod",), "file:///states") == "file:///states"
    with pytest.raises(UsageError, match="a stack needs its backend"):
        backend_of(workspace, (), None)
    for stacks, backend in ((("east:shop/prod", "west:shop/prod"), None), (("east:shop/prod",), "file:///x")):
        with pytest.raises(UsageError, match="of one backend"):
            backend_of(workspace, stacks, backend)


def test_a_stack_is_read_with_its_tags_and_full_name(place: Place, tmp_path: Path) -> None:
    """In the layout without projects its resources say the project; another one than was named is not it."""
    write_tags(tmp_path, "shop/prod", env="prod")
    [task] = StackSelection(("shop/prod",)).tasks(place)
    entity, snapshot = read_stack(task, place, None)
    assert (entity.name, entity.tags, snapshot.size) == ("organization/shop/prod", {"env": "prod"}, 2)
    legacy = StackTask(StackEntry("", "prod", task.stack.file, 0.0), "blog")
    with pytest.raises(NotFound, match="is of the project 'shop', not of 'blog'"):
        read_stack(legacy, place, None)


def test_a_failure_breaks_the_work_off(workspace: Workspace) -> None:
    """It is raised, what had not begun never does, and the pool's processes are stopped."""
    begun: list[int] = []
    closed = threading.Event()

    class Watched(Pool):
        def close(self) -> None:
            super().close()
            closed.set()

    def work(thing: int) -> int:
        begun.append(thing)
        if thing == 0:
            raise ValueError("no")
        assert closed.wait(60), "nobody stopped the pool"
        return thing

    with Watched(keep=1) as pool:
        found = work_through(workspace, "adding", lambda thing: thing + 1, range(5), pool)
        assert sorted(found) == [1, 2, 3, 4, 5] and not closed.is_set()
        with pytest.raises(ValueError, match="no"):
            work_through(workspace, "failing", work, range(100), pool, jobs=1)
        assert closed.is_set() and len(begun) <= 2
