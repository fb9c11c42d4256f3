"""The resources that are judged: exactly one source, read with what protects it, and named for messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.errors import InvalidState, NotFound, UsageError
from packreg.services.resources import ResourcesToJudge, backend_url, read_judged
from packreg.services.workspace import Workspace
from tests.cli.governed import GOOD, write_stack, write_state
from tests.services.conftest import open_workspace, told


def read(workspace: Workspace, **given: str) -> ResourcesToJudge:
    """Read what is named, and nothing else."""
    sources = ("state", "preview", "resources", "stack", "backend")
    return read_judged(workspace, **{name: given.get(name) for name in sources})


def test_a_state_says_its_stack(workspace: Workspace, tmp_path: Path) -> None:
    """A path below the working directory is shown as it was typed; another one whole."""
    write_state(tmp_path / "states" / "dev.json", "shop", "dev", GOOD)
    found = read(workspace, state="states/dev.json")
    assert (found.where, found.snapshot.size) == ("states/dev.json", 2)
    assert found.stack is not None
    assert (found.stack.stack, found.stack.project, found.stack.dry_run) == ("dev", "shop", False)
    away = open_workspace(tmp_path / "states")
    assert read(away, state=str(tmp_path / "states" / "dev.json")).where == "dev.json"
    assert read(open_workspace(tmp_path / "x"), state=str(tmp_path / "states" / "dev.json")).where.startswith(
        "/"
    )


def test_a_list_of_resources_is_of_no_stack(workspace: Workspace, tmp_path: Path) -> None:
    """Packs are told of none."""
    (tmp_path / "account.jsonl").write_text('{"type": "demo:index:Bucket", "name": "b", "properties": {}}\n')
    found = read(workspace, resources="account.jsonl")
    assert (found.snapshot.size, found.stack) == (1, None)


def test_a_stack_is_read_from_its_backend(workspace: Workspace, tmp_path: Path) -> None:
    """By the URL that is given, else by the variable of the Pulumi CLI."""
    write_stack(tmp_path / "states", "shop", "prod", GOOD)
    for asked in ({"backend": "file://states"}, {}):
        ada = open_workspace(tmp_path, PULUMI_BACKEND_URL="" if asked else "file://states")
        found = read(ada, stack="shop/prod", **asked)
        assert found.stack is not None
        assert (found.stack.organization, found.stack.project) == ("organization", "shop")
    with pytest.raises(NotFound):
        read(workspace, stack="shop/gone", backend="file://states")


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"state": "a", "preview": "b"},
        {"resources": "a", "stack": "b/c"},
        {"state": "a", "backend": "file://states"},
        {"stack": "shop/prod"},
    ],
)
def test_exactly_one_thing_is_judged(workspace: Workspace, given: dict[str, str]) -> None:
    """Nothing, two things, a backend without a stack and a stack without a backend are misuse."""
    with pytest.raises(UsageError):
        read(workspace, **given)


def test_what_cannot_be_read_is_named(workspace: Workspace, tmp_path: Path) -> None:
    """A file that is not there, one that is no state."""
    with pytest.raises(NotFound, match=r"gone\.json"):
        read(workspace, state="gone.json")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(InvalidState, match=r"bad\.json"):
        read(workspace, state="bad.json")


def test_a_backend_has_a_url_or_a_name(workspace: Workspace, tmp_path: Path) -> None:
    """A name is the operator's or the user's; one that nobody gave is misuse."""
    assert backend_url(workspace, "s3://states") == "s3://states"
    with pytest.raises(UsageError, match="no backend is named 'east'"):
        backend_url(workspace, "east")
    with pytest.raises(UsageError, match="a stack needs its backend"):
        backend_url(workspace, None)


def test_without_one_it_is_that_of_the_pulumi_cli_and_said(tmp_path: Path) -> None:
    """The variable's, for one stack the project's, then that of `pulumi login`; no password is shown."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "credentials.json").write_text('{"current": "postgres://me:secret@db/states"}')
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nbackend: {url: 's3://theirs/x'}\n")
    ada = open_workspace(tmp_path, PULUMI_HOME=str(home))
    assert backend_url(ada, None) == "postgres://me:secret@db/states"
    assert backend_url(ada, None, program=True) == "s3://theirs/x"
    assert told(ada).said == [
        "backend postgres://db/states, from `pulumi login`",
        f"backend s3://theirs/x, from backend.url of {tmp_path / 'Pulumi.yaml'}",
    ]
    eve = open_workspace(tmp_path, PULUMI_HOME=str(home), PULUMI_BACKEND_URL="file://states")
    assert backend_url(eve, None) == backend_url(eve, None, program=True) == "file://states"
    assert backend_url(eve, "s3://given") == "s3://given"
    assert told(eve).said == ["backend file://states, from PULUMI_BACKEND_URL"] * 2


def test_an_encrypted_credentials_file_names_none(tmp_path: Path) -> None:
    """What to do is said."""
    (tmp_path / "credentials.json").write_text('{"$pulumiSecureStore": 1}')
    ada = open_workspace(tmp_path, PULUMI_CREDENTIALS_PATH=str(tmp_path))
    with pytest.raises(UsageError, match=r"credentials\.json names none") as error:
        backend_url(ada, None)
    assert "encrypted" in error.value.hint
