"""The case files of a pack: found, read within bounds, and what each case gives to judge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from packreg.cases.files import case_files, snapshot_of, stack_of
from packreg.cases.model import Case, StackSettings
from packreg.cases.reading import MAX_FILE
from packreg.errors import InvalidState, UsageError
from packreg.states.snapshot import Snapshot

URN = "urn:pulumi:dev::shop::demo:index:Bucket::a"
STATE = {"version": 3, "deployment": {"resources": [{"urn": URN, "type": "demo:index:Bucket"}]}}


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A pack with a directory for cases and a state."""
    (tmp_path / "pack" / "tests").mkdir(parents=True)
    (tmp_path / "pack" / "state.json").write_text(json.dumps(STATE))
    return tmp_path / "pack"


def case(**more: Any) -> Case:
    """A case that judges the state, or what it says else."""
    return Case(
        **{"file": "tests/a.yaml", "line": 1, "name": "a", "kind": "state", "source": "state.json", **more}
    )


def test_files_are_found_by_name_and_in_order(pack: Path) -> None:
    """Both endings, nothing else, and no directory below."""
    for name in ("b.yml", "a.yaml", "notes.txt"):
        (pack / "tests" / name).write_text("cases: []\n")
    (pack / "tests" / "more").mkdir()
    assert [file.path for file in case_files(pack, "guard")] == ["tests/a.yaml", "tests/b.yml"]


def test_a_pack_without_cases_says_where_they_go(pack: Path) -> None:
    """With the pack's name; nothing was tested, which is no pass."""
    with pytest.raises(UsageError, match=r"^guard has no cases: there is no tests/\*\.yaml"):
        case_files(pack, "guard")


def test_a_file_that_cannot_be_read_is_a_problem_of_its_own(pack: Path) -> None:
    """A link, a directory and one that is too large leave no case, and the others are read."""
    (pack / "tests" / "a.yaml").symlink_to(pack / "state.json")
    (pack / "tests" / "b.yaml").mkdir()
    (pack / "tests" / "c.yaml").write_bytes(b"#" * (MAX_FILE + 1))
    files = case_files(pack, "guard")
    assert [[problem.code for problem in file.problems] for file in files] == [["unreadable"]] * 3
    assert not any(file.cases for file in files)


def test_a_state_is_read_once(pack: Path) -> None:
    """However many cases judge it; a preview of the same name is another thing."""
    sources: dict[str, Snapshot] = {}
    first = snapshot_of(case(), pack, sources)
    assert snapshot_of(case(name="b"), pack, sources) is first and len(first) == 1
    with pytest.raises(InvalidState):
        snapshot_of(case(kind="preview"), pack, sources)


def test_a_case_judges_what_is_in_the_pack(pack: Path, tmp_path: Path) -> None:
    """A link that leads out of it is refused, and a state of nothing is no test."""
    (tmp_path / "secret.json").write_text(json.dumps(STATE))
    (pack / "out.json").symlink_to(tmp_path / "secret.json")
    (pack / "empty.json").write_text(json.dumps({"version": 3, "deployment": {"resources": []}}))
    with pytest.raises(InvalidState, match="a link to something outside the pack"):
        snapshot_of(case(source="out.json"), pack, {})
    with pytest.raises(InvalidState, match="nothing to judge"):
        snapshot_of(case(source="empty.json"), pack, {})


def test_what_is_wrong_with_a_resource_is_said_by_the_line_of_the_case_file(pack: Path) -> None:
    """The author knows no other place."""
    lines = b'{"type": "demo:index:Bucket", "name": "a"}\n{"name": "b"}\n'
    with pytest.raises(InvalidState, match="line 17"):
        snapshot_of(case(kind="resources", resources=lines, lines=(12, 17)), pack, {})


def test_the_stack_is_what_the_case_says_and_else_what_the_urns_say(pack: Path) -> None:
    """A preview is a dry run unless the case says otherwise."""
    snapshot = snapshot_of(case(), pack, {})
    found = stack_of(case(), snapshot)
    assert (found.stack, found.project, found.dry_run) == ("dev", "shop", False)
    given = StackSettings(name="prod", organization="acme", dry_run=False, tags={"a": "b"})
    found = stack_of(case(kind="preview", stack=given), snapshot)
    assert (found.stack, found.project, found.organization, found.dry_run) == ("prod", "shop", "acme", False)
    assert stack_of(case(kind="preview"), snapshot).dry_run and found.tags == {"a": "b"}
