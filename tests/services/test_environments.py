"""Opening the environments of a session."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.cli.context import CommandContext
from packreg.errors import ChangedMeanwhile, InvalidConfiguration, NotFound, UsageError
from packreg.services.environments import EnvironmentResolver, opened_json, set_environment, with_value
from packreg.services.workspace import Workspace
from tests.services.conftest import open_workspace, told


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandContext:
    """A session in an empty registry, with one environment of one revision."""
    monkeypatch.chdir(tmp_path)
    registry = str(tmp_path / "registry")
    session = CommandContext({"HOME": str(tmp_path), "PACKREG_REGISTRY": registry, "PATH": "/usr/bin:/bin"})
    session.registry().init()
    EnvironmentResolver(session).environments.set("prod", b"values: {a: 1}", "ann", None)
    return session


def test_a_name_means_the_same_for_a_whole_run(session: CommandContext) -> None:
    """What was read is not read again: all packs of a run get the same, and another run gets the newest."""
    opener = EnvironmentResolver(session)
    first = opener.open(["prod"])
    before = opener.environments.newest("prod")
    opener.environments.set("prod", b"values: {a: 2}", "bob", before)
    requests = session.store.requests
    assert opener.open(["prod"]) == first
    assert session.store.requests == requests
    assert EnvironmentResolver(session).open(["prod"]).values == {"a": 2}
    assert EnvironmentResolver(session).open(["prod@1"]).values == {"a": 1}


def test_what_is_not_there_is_said_again(session: CommandContext) -> None:
    """A failure is not remembered."""
    opener = EnvironmentResolver(session)
    with pytest.raises(NotFound):
        opener.open(["other"])
    opener.environments.set("other", b"values: {b: 1}", "ann", None)
    assert opener.open(["other", "prod"]).values == {"a": 1, "b": 1}


def test_an_environment_of_esc_needs_a_program(session: CommandContext) -> None:
    """The hint says what to configure."""
    with pytest.raises(UsageError, match="no program that opens it is configured") as raised:
        EnvironmentResolver(session).open(["esc:acme/web/prod"])
    assert "environments.esc" in raised.value.hint


def text_of(workspace: Workspace, name: str = "prod") -> bytes:
    """The newest definition of an environment."""
    newest = EnvironmentResolver(workspace).environments.newest(name)
    assert newest is not None
    return newest.text


def test_an_environment_is_set_by_whoever_acts(workspace: Workspace) -> None:
    """The same again makes no revision, as JSON says, too; a wrong number is a conflict."""
    first = set_environment(workspace, "prod", lambda kept: b"values: {a: 1}", on=0)
    assert (first.revision.number, first.revision.by, first.unchanged) == (1, "Ada", False)
    again = set_environment(workspace, "prod", lambda kept: kept or b"", on=1)
    assert again.as_json() == {**first.as_json(), "unchanged": True}
    with pytest.raises(ChangedMeanwhile, match="is 1, not 0"):
        set_environment(workspace, "prod", lambda kept: b"values: {a: 2}", on=0)
    assert text_of(workspace) == b"values: {a: 1}"


def test_one_value_is_set_in_what_is_there(workspace: Workspace) -> None:
    """The rest stays as it was written; a value is YAML unless it is a text."""
    set_environment(workspace, "prod", lambda kept: b"# ours\nvalues:\n  a: 1\n")

    def define(kept: bytes | None) -> bytes:
        with_list = with_value("prod", kept, "b.c", "[1, 2]", secret=False, string=False)
        return with_value("prod", with_list, "d", "1", secret=False, string=True)

    set_environment(workspace, "prod", define)
    assert text_of(workspace).startswith(b"# ours\nvalues:\n  a: 1\n")
    opened = EnvironmentResolver(workspace).open(["prod"]).values
    assert opened == {"a": 1, "b": {"c": [1, 2]}, "d": "1"}
    with pytest.raises(UsageError, match="not the path of a value"):
        with_value("prod", None, "a[", "1", secret=False, string=False)


def test_a_secret_is_encrypted_before_it_is_stored(workspace: Workspace) -> None:
    """Without a key it is refused; with one its text is nowhere in the registry, and opens."""

    def define(kept: bytes | None) -> bytes:
        return with_value("prod", kept, "token", "hush-hush", secret=True, string=False)

    with pytest.raises(UsageError, match=r"key|passphrase"):
        set_environment(workspace, "prod", define)
    keeper = open_workspace(Path(workspace.cwd), PACKREG_PASSPHRASE="correct horse")
    set_environment(keeper, "prod", define)
    assert b"hush-hush" not in text_of(keeper)
    assert EnvironmentResolver(keeper).open(["prod"]).values == {"token": "hush-hush"}
    set_environment(
        workspace, "prod", lambda kept: with_value("prod", kept, "a", "1", secret=False, string=False)
    )
    [warning] = told(workspace).warned
    assert "environment-unchecked" in warning and "PACKREG_PASSPHRASE" in warning


def test_what_cannot_be_evaluated_is_not_kept(workspace: Workspace) -> None:
    """An environment that stops every pack that has it is refused when it is set."""
    for text in (b"values: [1", b"imports: [none]\nvalues: {}", b"values: {a: '${b}'}"):
        with pytest.raises((InvalidConfiguration, NotFound)):
            set_environment(workspace, "prod", lambda kept, text=text: text)  # type: ignore[misc]
    assert EnvironmentResolver(workspace).environments.newest("prod") is None


def test_secrets_are_shown_only_if_asked_for(workspace: Workspace) -> None:
    """In the JSON shape of what was opened, too."""
    keeper = open_workspace(Path(workspace.cwd), PACKREG_PASSPHRASE="correct horse")
    set_environment(keeper, "prod", lambda before: b"values: {a: {fn::secret: hidden}}\n")
    opened = EnvironmentResolver(keeper).open(["prod"])
    assert opened_json(opened)["values"] == {"a": "[secret]"}
    assert opened_json(opened, show_secrets=True)["values"] == {"a": "hidden"}
