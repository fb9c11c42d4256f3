"""The decision about a deployment, as a program asks for it: what fails closed does so for everybody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from packreg.analyzer.pool import Pool
from packreg.analyzer.process import Process
from packreg.errors import InvalidState, UsageError
from packreg.groups.model import Entity
from packreg.services.enforce import Enforced, enforce
from packreg.services.reports import ReportStore
from packreg.services.workspace import Workspace
from packreg.states.preview import read_preview
from packreg.states.snapshot import Snapshot
from packreg.states.state import read_state
from tests.cli.conftest import User
from tests.cli.governed import GOOD, GUARD, OPEN, founder, moved_in, state_of
from tests.cli.secret_states import secret

pytestmark = pytest.mark.usefixtures("opa")

SHOP = Entity("stack", "organization/shop/prod")


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry that requires guard of every stack."""
    founding = founder(tmp_path_factory.mktemp("deciding"))
    founding.publish("guard", "1.0.0", files={"policy.rego": GUARD})
    founding.must("enable", "--yes", "guard@^1", "--quiet")
    return founding.top


@pytest.fixture
def office(user: User, founded: Path) -> User:
    """Somebody with that registry."""
    return moved_in(user, founded)


@pytest.fixture
def workspace(office: User) -> Iterator[Workspace]:
    """What a program has of it."""
    made = Workspace(office.environ, cwd=str(office.directory))
    yield made
    made.close()


def state(buckets: Any, project: str = "shop", stack: str = "prod") -> Snapshot:
    """What somebody posted."""
    return read_state(json.dumps(state_of(project, stack, buckets)).encode(), "posted")


def kept(workspace: Workspace) -> list[str]:
    """The verdicts of the stack's reports."""
    return [each.verdict for each in ReportStore(workspace).newest(SHOP, "enforce", 10)]


def test_a_decision_is_a_value_and_its_report_is_kept(workspace: Workspace) -> None:
    """By the stack's name or as an entity; the document is the command's."""
    denied = enforce(workspace, "shop/prod", state(OPEN))
    allowed = enforce(workspace, SHOP, state(GOOD), where="the body of a request")
    assert [(each.verdict, each.passes) for each in (denied, allowed)] == [
        ("denied", False),
        ("allowed", True),
    ]
    assert allowed.report.where == "the body of a request"
    assert kept(workspace) == ["allowed", "denied"]
    assert denied.key.startswith("reports/enforce/") and denied.unkept is None
    assert denied.as_json()["required"]["entity"] == "organization/shop/prod"
    assert enforce(workspace, SHOP, state(OPEN), keep=False).key == ""
    assert len(kept(workspace)) == 2


@pytest.mark.parametrize(("project", "stack"), [("shop", "dev"), ("other", "prod"), ("", "")])
def test_another_stacks_state_is_refused(workspace: Workspace, project: str, stack: str) -> None:
    """Whoever may deploy one stack does not get its state judged, and kept, under another one's name."""
    with pytest.raises(UsageError, match="is of the stack"):
        enforce(workspace, SHOP, state(GOOD, project, stack))
    assert kept(workspace) == []


@pytest.mark.parametrize(
    "who",
    [
        Entity("account", "organization/shop/prod"),
        Entity("stack", "shop"),
        Entity("stack", "organization/shop/../prod"),
        "../shop/prod",
        "",
    ],
)
def test_what_is_no_stack_is_refused(workspace: Workspace, who: Entity | str) -> None:
    """Also an entity that a program made of what it was sent."""
    with pytest.raises(UsageError):
        enforce(workspace, who, state(GOOD))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"steps": [], "diagnostics": [{"message": "it raised", "severity": "error"}]}, "did not succeed"),
        ({"steps": [], "maybeCorrupt": True}, "did not succeed"),
        ({"steps": [], "changeSummary": {"same": 3}}, "is not complete"),
    ],
)
def test_a_preview_that_does_not_hold_everything_is_refused(
    workspace: Workspace, wrong: dict[str, object], said: str
) -> None:
    """What it did not get to, or leaves out, would pass unseen."""
    with pytest.raises(InvalidState, match=said):
        enforce(workspace, SHOP, read_preview(json.dumps(wrong).encode(), "posted"))
    assert kept(workspace) == []


def test_only_what_failed_is_let_pass(office: User) -> None:
    """The operator's word opens for a pack that cannot be had; not for what is denied, nor hidden secrets."""
    office.publish("limits", "1.0.0", files={"policy.rego": GUARD.replace("package guard", "package limits")})
    office.must("enable", "--yes", "limits@latest", "--quiet")
    office.must("remove", "limits@1.0.0", "--yes", "--reason", "wrong", "--quiet")

    def decide(snapshot: Snapshot, **more: str) -> Enforced:
        workspace = Workspace({**office.environ, **more}, cwd=str(office.directory))
        try:
            return enforce(workspace, SHOP, snapshot)
        finally:
            workspace.close()

    hidden = {"site": {"acl": secret("private"), "owner": "ada"}}
    word = {"PACKREG_FAIL_OPEN": "1"}
    assert not decide(state(GOOD)).passes
    opened = decide(state(GOOD), **word)
    assert opened.passes and opened.verdict == "not-evaluated"
    assert opened.report.governed is not None and opened.report.governed.failed_open
    for snapshot in (state(OPEN), state(hidden)):
        refused = decide(snapshot, **word)
        assert (refused.passes, refused.verdict) == (False, "not-evaluated")
        assert refused.report.governed is not None and not refused.report.governed.failed_open


def test_a_report_that_cannot_be_kept_changes_no_decision(office: User, workspace: Workspace) -> None:
    """A replica takes none: the decision stands and says why."""
    settings = office.top / "registry" / "registry.json"
    settings.write_text(settings.read_text().replace('"home"', '"replica"'))
    decided = enforce(workspace, SHOP, state(GOOD))
    assert decided.passes and decided.key == ""
    assert decided.unkept is not None and "replica" in str(decided.unkept)


def test_a_pool_keeps_packs_for_the_next_decision(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many decisions, some at once, start no more processes of a pack than ran at the same time."""
    started: list[str] = []
    begin = Process.__init__

    def counted(self: Process, program: Any, **options: Any) -> None:
        started.append(program.name)
        begin(self, program, **options)

    monkeypatch.setattr(Process, "__init__", counted)

    def decide(number: int) -> str:
        snapshot = state(GOOD if number % 2 else OPEN, stack=f"s{number % 3}")
        return enforce(workspace, f"shop/s{number % 3}", snapshot, pool=pool, shared=True).verdict

    with Pool() as pool:
        assert [decide(number) for number in range(4)] == ["denied", "allowed", "denied", "allowed"]
        assert started == ["guard"]
        with ThreadPoolExecutor(3) as threads:
            assert list(threads.map(decide, range(6))) == ["denied", "allowed"] * 3
        assert len(started) <= 3
