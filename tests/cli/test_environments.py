"""The `env` commands."""

from __future__ import annotations

import io
import json
import sys

import pytest

from tests.cli.conftest import User

SECRET = "hunter2-and-more"


@pytest.fixture(autouse=True)
def cheap_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passphrases cost as little as they may: what they cost is tested where they are."""
    from packreg.environments import passphrase

    monkeypatch.setattr(passphrase.PassphraseKeys.__init__, "__defaults__", (passphrase.LEAST,))


@pytest.fixture
def keeper(user: User) -> User:
    """A user with a passphrase and an environment with a secret."""
    user.must("init", "--quiet")
    user.extra["PACKREG_PASSPHRASE"] = "correct-horse"
    (user.directory / "prod.yaml").write_text(
        "values:\n"
        f"  token: {{fn::secret: {SECRET}}}\n"
        "  policyConfig: {regions: {allowed: [eu-west-1], token: '${token}'}}\n"
        "  environmentVariables: {TOKEN: 'Bearer ${token}'}\n"
    )
    user.must("env", "set", "prod", "prod.yaml")
    return user


def stored(user: User) -> bytes:
    """Everything that the user has on disk, but for what they wrote themselves."""
    files = [path for path in user.top.rglob("*") if path.is_file() and path.parent != user.directory]
    return b"\n".join(path.read_bytes() for path in files)


def test_no_secret_is_in_the_clear_anywhere(keeper: User) -> None:
    """Not in the store, not on this machine, not in anything a command says, right or wrong."""
    said = [
        keeper("env", "get", "prod"),
        keeper("env", "open", "prod"),
        keeper("env", "open", "prod", "--json"),
        keeper("env", "set", "prod", "new", SECRET, "--secret", "-v"),
        keeper("env", "diff", "prod"),
        keeper("env", "history", "prod"),
        keeper("env", "set", "prod", "bad", "${token.x}"),
        keeper("env", "set", "prod", "policyConfig.level", "${token}"),
        keeper("env", "set", "other", "x", "{fn::secret: " + SECRET, "--json"),
    ]
    assert [done.code for done in said] == [0, 0, 0, 0, 0, 0, 4, 4, 2]
    for done in said:
        assert SECRET not in done.out + done.err
    data = stored(keeper)
    assert b"v1:scrypt:" in data
    assert SECRET.encode() not in data
    assert SECRET in keeper.must("env", "open", "prod", "--show-secrets").out


def test_a_definition_goes_out_and_in_again(keeper: User) -> None:
    """What `get` prints can be edited and set by somebody without the key, and unchanged adds nothing."""
    text = keeper.must("env", "get", "prod").out
    (keeper.directory / "edited.yaml").write_text(text)
    del keeper.extra["PACKREG_PASSPHRASE"]
    assert keeper.must("env", "set", "prod", "edited.yaml").out == "prod@1 is already set\n"
    (keeper.directory / "edited.yaml").write_text(text + "  more: 1\n")
    done = keeper.must("env", "set", "prod", "edited.yaml")
    assert done.out == "prod@2 is set\n"
    assert "it was not evaluated" in done.err
    refused = keeper("env", "open", "prod")
    assert refused.code == 2
    assert "PACKREG_PASSPHRASE" in refused.err
    assert keeper("env", "set", "prod", "x", "y", "--secret").code == 2
    assert json.loads(keeper.must("env", "get", "prod", "--json").out)["revision"] == 2


def test_the_passphrase_can_be_in_a_file(keeper: User) -> None:
    """Without its line end; another one is refused, and so is a file that cannot be read."""
    del keeper.extra["PACKREG_PASSPHRASE"]
    file = keeper.directory / "phrase"
    keeper.extra["PACKREG_PASSPHRASE_FILE"] = "phrase"
    assert keeper("env", "open", "prod").code == 2
    file.write_text("")
    assert keeper("env", "open", "prod").code == 2
    file.write_text("correct-horse\n")
    assert SECRET in keeper.must("env", "open", "prod", "--show-secrets").out
    file.write_text("another")
    assert keeper("env", "open", "prod").code == 8
    assert keeper("env", "set", "prod", "x", "y", "--secret").code == 2


def test_values_come_from_stdin(keeper: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret need not be in the shell's history, nor a definition in a file."""

    def typed(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    typed("from-stdin $1\n")
    keeper.must("env", "set", "prod", "environmentVariables.B", "-", "--secret")
    values = json.loads(keeper.must("env", "open", "prod", "--show-secrets").out)
    assert values["environmentVariables"] == {"B": "from-stdin $1", "TOKEN": f"Bearer {SECRET}"}
    typed("values: {a: 1}")
    keeper.must("env", "set", "other", "-")
    assert json.loads(keeper.must("env", "open", "other").out) == {"a": 1}


def test_single_values_are_set(user: User) -> None:
    """As YAML, or as a text as it is; flags that make no sense are refused."""
    user.must("init", "--quiet")
    user.must("env", "set", "e", "a.b", "[1, x]")
    user.must("env", "set", "e", "t", "[1, x]", "--string")
    assert json.loads(user.must("env", "open", "e").out) == {"a": {"b": [1, "x"]}, "t": "[1, x]"}
    for words in (("f.yaml", "--secret"), ("a..b", "1"), ("[0]", "1"), ("missing.yaml",), ("a", "{")):
        assert user("env", "set", "e", *words).code == 2
    assert user("env", "set", "E", "a", "1").code == 2


def test_a_race_ends_with_exit_code_12(user: User) -> None:
    """Who says which revision a change starts from is told when there is a newer one."""
    user.must("init", "--quiet")
    user.must("env", "set", "e", "a", "1", "--on", "0")
    user.must("env", "set", "e", "a", "2", "--on", "1")
    refused = user("env", "set", "e", "a", "3", "--on", "1", "--json")
    assert refused.code == 12
    assert refused.json()["error"]["code"] == "changed-meanwhile"
    assert json.loads(user.must("env", "open", "e").out) == {"a": 2}


def test_tags_history_and_removal(user: User) -> None:
    """Tags name revisions until the environment is removed, and revisions stay."""
    user.must("init", "--quiet")
    for value in "123":
        user.must("env", "set", "e", "a", value)
    assert user.must("env", "tag", "e@1", "stable").out == "e@stable is e@1\n"
    assert user.must("env", "tag", "e@2", "stable").out == "e@stable is e@2; it was e@1\n"
    user.must("env", "tag", "e", "v1")
    assert [line.split("\t")[0::3] for line in user.must("env", "history", "e").out.splitlines()] == [
        ["3", "v1"],
        ["2", "stable"],
        ["1", ""],
    ]
    assert user.must("env", "tag", "e", "v1", "--delete").out == "e@v1 is dropped; it named e@3\n"
    assert "-  a: 1\n+  a: 2\n" in user.must("env", "diff", "e@1", "e@stable").out
    assert user.must("env", "diff", "e@2", "e@2").out == ""
    assert user("env", "diff", "e@1").code == 6
    assert user("env", "rm", "e", "--reason", "x").code == 2
    user.must("env", "rm", "e", "--reason", "unused", "--yes")
    for reference in ("e", "e@stable", "e@9"):
        assert user("env", "open", reference).code == 6
    assert json.loads(user.must("env", "open", "e@2").out) == {"a": 2}
    assert user.must("env", "ls").out == ""
    assert user.must("env", "ls", "--all").out.endswith("\tremoved\n")
    assert "removed: unused" in user.must("env", "history", "e").out
    assert user("env", "history", "f").code == 6


def test_what_would_not_work_is_not_kept(user: User) -> None:
    """A definition is evaluated with its imports before it becomes a revision."""
    user.must("init", "--quiet")
    user.must("env", "set", "base", "region", "eu-west-1")
    (user.directory / "e.yaml").write_text("imports: [base]\nvalues: {r: '${regoin}'}\n")
    refused = user("env", "set", "e", "e.yaml")
    assert refused.code == 4
    assert "e:2:13: there is no value regoin; did you mean region?" in refused.err
    assert user("env", "get", "e").code == 6
    (user.directory / "e.yaml").write_text("imports: [base@7]\n")
    assert user("env", "set", "e", "e.yaml").code == 4
    (user.directory / "e.yaml").write_bytes(b"values: {a: " + b"x" * 300_000 + b"}")
    assert user("env", "set", "e", "e.yaml").code == 4
    user.must("env", "set", "base", "final", "{fn::final: 1}")
    (user.directory / "e.yaml").write_text("imports: [base]\nvalues: {final: 2}\n")
    assert "final is final in an import" in user.must("env", "set", "e", "e.yaml").err


def test_help_is_shown_without_a_command(user: User) -> None:
    """`env` alone explains itself."""
    assert "Manage environments" in user.must("env").out
