"""Who is judged brings variables, options and files; what the operator's file fixes stays as it is."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from packreg.errors import UsageError
from packreg.settings.load import load_settings
from packreg.settings.operator import LINUX
from packreg.store.s3 import S3Bucket
from packreg.store.trust import Trust
from packreg.store.url import parse_location
from tests.cli.conftest import User, user  # noqa: F401  the fixture
from tests.cli.governed import GOOD, write_state
from tests.operators import needs_root, with_operators_file


@pytest.fixture
def blocked(user: User) -> User:  # noqa: F811
    """Somebody whose stack must pass a pack that nobody can have any more, so that nothing passes."""
    user.extra["PACKREG_REGISTRY"] = str(user.top / "registry")
    user.must("init", "--quiet")
    user.publish("limits", "1.0.0")
    user.must("enable", "--yes", "limits@latest", "--quiet")
    user.must("remove", "limits@1.0.0", "--yes", "--reason", "wrong", "--quiet")
    write_state(user.directory / "state.json", "shop", "dev", GOOD)
    del user.extra["PACKREG_REGISTRY"]
    return user


def enforce(who: User, within: list[str], *options: str) -> tuple[int, str]:
    """The exit code and all that `enforce` says under an operator's file."""
    done = who.process(*options, "enforce", "shop/dev", "--state", "state.json", within=within)
    return done.returncode, (done.stdout + done.stderr).decode()


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("", 4),
        ("[guard]\nfail_open_until = 2001-01-01\n", 4),
        ('[guard]\nfail_open_until = "0999-12-31T23:59:59Z"\n', 4),
        ("[guard]\nfail_open_until = 2999-12-31\n", 0),
    ],
)
def test_a_variable_fails_open_against_the_operator(blocked: User, said: str, code: int) -> None:
    """Who is stopped sets PACKREG_FAIL_OPEN: only the operator's date opens, and needs no variable."""
    within = with_operators_file(blocked.top, f'registry = "{blocked.top}/registry"\n{said}')
    for variable in ({}, {"PACKREG_FAIL_OPEN": "1"}):
        blocked.extra |= variable
        ended, text = enforce(blocked, within)
        assert ended == code, text
        assert "FAIL_OPEN" not in text


@pytest.mark.parametrize("how", ["variable", "option", "aws"])
def test_another_registry_is_named(blocked: User, how: str) -> None:
    """Who is stopped names an empty registry: that is an error which names the operator's file."""
    within = with_operators_file(blocked.top, f'registry = "{blocked.top}/registry"\n')
    empty = str(blocked.top / "empty")
    blocked.must("--registry", empty, "init", "--quiet")
    blocked.extra["PACKREG_FAIL_OPEN"] = "1"
    if how == "variable":
        blocked.extra["PACKREG_REGISTRY"] = empty
    elif how == "aws":
        blocked.extra["PACKREG_REGISTRY"] = "s3://empty?endpoint_url=http://127.0.0.1:9"
    code, text = enforce(blocked, within, *(["--registry", empty] if how == "option" else []))
    assert code == 2, text
    assert f"registry.url is fixed as {blocked.top}/registry by {LINUX}" in text


def test_files_of_the_project_and_the_user_name_another_registry(blocked: User) -> None:
    """Whoever can write those changes nothing of what is fixed, and `config` says whose word counts."""
    within = with_operators_file(blocked.top, f'registry = "{blocked.top}/registry"\n')
    for directory in (blocked.directory, blocked.top / "user" / ".config" / "packreg"):
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "packreg.toml").write_text(f'registry = "{blocked.top}/empty"\n')
    assert enforce(blocked, within)[0] == 4
    done = blocked.process("config", "--json", within=within)
    [row] = [each for each in json.loads(done.stdout)["settings"] if each["key"] == "registry.url"]
    assert row == {"key": "registry.url", "value": f"{blocked.top}/registry", "origin": LINUX}


def test_the_same_registry_may_be_named_again(blocked: User) -> None:
    """Another spelling of the fixed registry is no contradiction, in an option and in a variable."""
    within = with_operators_file(blocked.top, f'registry = "{blocked.top}/registry"\n')
    blocked.extra["PACKREG_REGISTRY"] = (blocked.top / "registry").as_uri()
    assert enforce(blocked, within, "--registry", f"{blocked.top}/empty/../registry")[0] == 4


def test_the_fast_way_in_sees_the_fixed_registry(blocked: User) -> None:
    """`path` of an installed pack of another registry does not answer from there."""
    blocked.extra["PACKREG_REGISTRY"] = other = str(blocked.top / "other")
    blocked.must("init", "--quiet")
    blocked.publish("tags", "1.0.0")
    blocked.must("install", "tags@1.0.0")
    within = with_operators_file(blocked.top, f'registry = "{blocked.top}/registry"\n')
    assert blocked.process("path", "tags@1.0.0").returncode == 0
    assert blocked.process("path", "tags@1.0.0", within=within).returncode == 2
    del blocked.extra["PACKREG_REGISTRY"]
    (blocked.directory / "packreg.toml").write_text(f'registry = "{other}"\n')
    assert blocked.process("path", "tags@1.0.0", within=within).returncode == 6


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"owner": 1000}, "belongs to the user 1000 and not to root"),
        ({"mode": 0o666}, "can be written by others than root"),
        ({"mode": 0o664}, "can be written by others than root"),
        ({"directory_mode": 0o777}, "is in /etc/packreg, which can be written by others than root"),
    ],
)
def test_somebody_else_writes_the_operators_file(
    blocked: User, options: dict[str, int], problem: str
) -> None:
    """A file that others than root could have written is not followed, and nothing goes on without it."""
    text = f'registry = "{blocked.top}/empty"\n[guard]\nfail_open_until = 2999-12-31\n'
    within = with_operators_file(blocked.top, text, **options)
    code, said = enforce(blocked, within)
    assert code == 2
    assert f"the operator's settings cannot be trusted: {LINUX} {problem}" in said


@pytest.mark.parametrize(
    "text", ["registry = ", 'regisrty = "x"', 'registry = "~/mine"', '[analysis]\nopa_analyzer = "opa"']
)
def test_an_operators_file_that_says_nothing_sure_stops_everything(user: User, text: str) -> None:  # noqa: F811
    """What is misspelt there, or means what a variable says, is no reason to go on without it."""
    done = user.process("list", within=with_operators_file(user.top, text))
    assert done.returncode == 2
    assert LINUX in done.stderr.decode()


def fixed(top: Path, text: str, **environ: str) -> tuple[str, bool, str]:
    """The registry, `allow_http` and the certificates that count under an operator's file."""
    needs_root()
    file = top / "operators.toml"
    file.write_text(text)
    settings = load_settings({"HOME": str(top), **environ}, str(top), operators=str(file))
    return settings.registry, settings.allow_http, settings.ca_bundle


def test_variables_lead_a_fixed_bucket_to_another_server(tmp_path: Path) -> None:
    """AWS variables name a server, certificates and a proxy: the fixed bucket is asked where it is."""
    moved = {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1", "AWS_ENDPOINT_URL": "http://127.0.0.1:2"}
    url = "s3://policies/packs?region=eu-central-1"
    (tmp_path / "packreg.toml").write_text('[registry]\nca_bundle = "/mine.pem"\n')
    found = fixed(tmp_path, f'registry = "{url}"\n', PACKREG_ALLOW_HTTP="", **moved)
    assert found == (url, False, "")


@pytest.mark.parametrize("only", [True, False])
def test_the_client_itself_reads_no_endpoint(
    only: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """botocore reads variables and the AWS configuration on its own, but for a registry that is fixed."""
    configuration = tmp_path / "aws"
    configuration.write_text(
        "[profile p]\naws_access_key_id = a\naws_secret_access_key = b\nca_bundle = /mine.pem\n"
        "services = s\n[services s]\ns3 =\n  endpoint_url = https://other\n"
    )
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    ours = {"AWS_CONFIG_FILE": str(configuration), "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    for name, value in {**ours, "HTTP_PROXY": "http://127.0.0.1:3"}.items():
        monkeypatch.setenv(name, value)
    location = parse_location("s3://policies/packs?region=eu-central-1&profile=p", cwd="/")
    bucket = S3Bucket(location, trust=Trust(only_location=only))
    client = bucket._reads()
    expected = "https://s3.eu-central-1.amazonaws.com" if only else "https://other"
    assert client.meta.endpoint_url == expected
    assert client._endpoint.http_session._verify == (True if only else "/mine.pem")
    loopback = parse_location("s3://policies/packs?endpoint_url=http://127.0.0.1:4", cwd="/")
    client = S3Bucket(loopback, trust=Trust(only_location=only))._reads()
    assert bool(client._endpoint.http_session._proxy_config.proxy_url_for("http://127.0.0.1:4")) is not only


@pytest.mark.parametrize(
    ("operators", "users", "variable", "allowed"),
    [
        ('registry = "/r"', "", "1", False),
        ('registry = "/r"', "[registry]\nallow_http = true", "", False),
        ('[registry]\nurl = "/r"\nallow_http = true', "", "", True),
        ("[install]\npython = '3.12'", "", "1", True),
        ("[install]\npython = '3.12'", "[registry]\nallow_http = true", "", True),
        ("[install]\npython = '3.12'", "", "0", False),
    ],
)
def test_http_is_allowed_by_whoever_names_the_registry(
    tmp_path: Path, operators: str, users: str, variable: str, allowed: bool
) -> None:
    """A pipeline's variable or file loosens nothing of a registry that the operator fixed."""
    (tmp_path / ".config" / "packreg").mkdir(parents=True)
    (tmp_path / ".config" / "packreg" / "packreg.toml").write_text(users)
    environ = {"PACKREG_ALLOW_HTTP": variable} if variable else {}
    if variable and "registry" in operators:
        with pytest.raises(UsageError, match=r"registry\.allow_http is fixed as False"):
            fixed(tmp_path, operators, **environ)
        return
    assert fixed(tmp_path, operators, **environ)[1] is allowed


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("s3://policies?endpoint_url=http://store.example.org:9000", "allow_http"),
        ("s3://policies?endpoint_url=http://localhost.example.org", "allow_http"),
        ("s3://policies?endpoint_url=http://10.0.0.7", "allow_http"),
        ("s3://policies?endpoint_url=http://[2001:db8::1]:9000", "allow_http"),
    ],
)
def test_somebody_on_the_way_answers_for_the_registry(user: User, url: str, hint: str) -> None:  # noqa: F811
    """An http endpoint of another machine is not asked, wherever it is named, unless that is allowed."""
    plain, _, endpoint = url.partition("?endpoint_url=")
    for registry, variables in (
        (url, {}),
        (plain, {"AWS_ENDPOINT_URL": endpoint}),
        (plain, {"AWS_ENDPOINT_URL_S3": endpoint}),
    ):
        user.extra |= {"PACKREG_REGISTRY": registry, **variables}
        done = user("required", "shop/dev")
        assert done.code == 2, done
        assert endpoint in done.err
        assert hint in done.err


def test_a_project_allows_http(user: User) -> None:  # noqa: F811
    """Who may edit the project could be on the way, too: its file may not allow it."""
    (user.directory / "packreg.toml").write_text('[registry]\nurl = "/r"\nallow_http = true\n')
    done = user("config")
    assert done.code == 2
    assert "registry.allow_http has no effect in the file of a project" in done.err
