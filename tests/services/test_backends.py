"""Which stack a name means where several backends have one of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.errors import NotEvaluated, UsageError
from packreg.groups.model import Entity
from packreg.services.backends import Backends, canonical, current_backend, shown
from packreg.services.governance import create_governance
from packreg.services.workspace import Workspace
from tests.services.conftest import open_workspace

PROD = Entity("stack", "organization/infra/prod")


def ada(top: Path, *named: str) -> Workspace:
    """Ada's workspace on an empty registry; these backends have names."""
    path = top / "config" / "packreg" / "packreg.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f'[backends.{name}]\nurl = "file://{top / name}"\n' for name in named))
    found = open_workspace(top, XDG_CONFIG_HOME=str(top / "config"))
    found.registry().init()
    create_governance(found)
    return found


def test_one_backend_needs_no_name(tmp_path: Path) -> None:
    """A stack that only one backend has keeps its name, also when nobody says which backend it is in."""
    backends = Backends(ada(tmp_path))
    assert backends.placed(PROD, "file://east", enter=True) == PROD
    assert backends.placed(PROD) == PROD
    assert backends.placed(PROD, "file://east") == PROD


def test_two_backends_without_names_are_told_from_one_another_by_nobody(tmp_path: Path) -> None:
    """So nothing is decided or kept; what to write is said."""
    backends = Backends(ada(tmp_path))
    backends.placed(PROD, "file://east", enter=True)
    with pytest.raises(NotEvaluated, match="several backends have a stack organization/infra/prod"):
        backends.placed(PROD, "file://west", enter=True)
    with pytest.raises(NotEvaluated) as error:
        backends.placed(PROD)
    assert "[backends.east] url" in error.value.hint


def test_named_backends_are_part_of_the_name(tmp_path: Path) -> None:
    """Only where both have a stack of that name; another stack keeps its own."""
    backends = Backends(ada(tmp_path, "east", "west"))
    backends.placed(PROD, "file://east", enter=True)
    west = backends.placed(PROD, "file://west", enter=True)
    assert (west.name, west.backend) == ("west:organization/infra/prod", "west")
    assert backends.placed(PROD, "file://east").name == "east:organization/infra/prod"
    assert backends.placed(Entity("stack", PROD.name, backend="west")) == west
    other = Entity("stack", "organization/shop/dev")
    assert backends.placed(other, "file://east", enter=True).name == other.name
    with pytest.raises(NotEvaluated, match="east, west"):
        backends.placed(PROD)


def test_others_are_left_as_they_are(tmp_path: Path) -> None:
    """Accounts, and stacks of an organization of Pulumi Cloud, are in no self-managed backend."""
    backends = Backends(ada(tmp_path))
    for entity in (Entity("account", "aws/production"), Entity("stack", "acme/infra/prod")):
        assert backends.placed(entity, "file://east", enter=True) == entity


def test_names_are_those_of_the_settings(tmp_path: Path) -> None:
    """The first URL of each; an unknown name is misuse, and so are two names for one place."""
    backends = Backends(ada(tmp_path, "east"))
    assert backends.url("east") == f"file://{tmp_path / 'east'}"
    with pytest.raises(UsageError, match="no backend is named 'north': east"):
        backends.url("north")
    (tmp_path / "config" / "packreg" / "packreg.toml").write_text(
        '[backends.east]\nurl = "s3://states/x"\n[backends.west]\nurl = "s3://states/x/"\n'
    )
    with pytest.raises(UsageError, match="is named twice: east and west"):
        Backends(open_workspace(tmp_path, XDG_CONFIG_HOME=str(tmp_path / "config")))


def test_all_backends_are_listed_once_for_many(tmp_path: Path) -> None:
    """However many stacks are asked for, the registry is asked as often as for one."""
    workspace = ada(tmp_path, "east", "west")
    one = Backends(workspace)
    for url in ("file://east", "file://west"):
        one.placed(PROD, url, enter=True)
    many = Backends(workspace, many=True)
    assert many.placed(PROD, "file://west").name == "west:organization/infra/prod"
    asked = workspace.store.requests
    for number in range(50):
        many.placed(Entity("stack", f"organization/infra/{number}"), "file://east")
    assert workspace.store.requests == asked


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("s3://States/a/b/", "s3://states/a/b"),
        ("s3://key:secret@states/a?region=eu-1", "s3://states/a"),
        ("s3://states?endpoint=https://Minio:9000/", "s3://states/?minio:9000"),
        ("s3://states?endpoint_url=https://minio:9000&region=x", "s3://states/?minio:9000"),
        ("gs://states/team/", "gs://states/team"),
        ("S3://states//a", "s3://states/a"),
        ("azblob://states/a?storage_account=ours", "azblob://states/a?ours"),
        (
            "azblob://states?storage_account=ours&domain=blob.core.windows.net&protocol=https",
            "azblob://states/?ours",
        ),
        (
            "azblob://states?storage_account=ours&domain=127.0.0.1:1&localemu=true",
            "azblob://states/?ours.127.0.0.1:1",
        ),
        ("postgres://me:secret@DB/states?sslmode=disable", "postgres://db/states"),
        ("postgres://db/states?table=Pulumi_State", "postgres://db/states"),
        ("postgres://db/states?table=My_pulumi_state", "postgres://db/states?table=my_pulumi_state"),
        ("postgres://db?dbname=states&table=b", "postgres://db/?dbname=states&table=b"),
    ],
)
def test_a_url_has_one_form(url: str, form: str) -> None:
    """Without credentials and options; in messages, too."""
    assert canonical(url, Path("/")) == shown(url) == form


def test_the_backend_of_a_program_is_found_as_the_pulumi_cli_finds_it(tmp_path: Path) -> None:
    """The variable, the project's own, what was logged in to, and who says so; what is broken says none."""
    home, program = tmp_path / "home", tmp_path / "program" / "deep"
    home.mkdir()
    program.mkdir(parents=True)
    environ = {"PULUMI_HOME": str(home)}
    login = ("s3://login", "`pulumi login`")
    assert current_backend(environ, program) == ("", "")
    (home / "credentials.json").write_text('{"current": "s3://login"}')
    assert current_backend(environ, program) == login
    project = tmp_path / "program" / "Pulumi.yaml"
    project.write_text("name: x\n")
    assert current_backend(environ, program) == login
    project.write_text("name: x\nbackend: {url: 's3://project'}\n")
    assert current_backend(environ, program) == ("s3://project", f"backend.url of {project}")
    assert current_backend(environ, None) == login, "who judges all stacks is in nobody's project"
    variable = {**environ, "PULUMI_BACKEND_URL": "s3://variable"}
    assert current_backend(variable, program) == ("s3://variable", "PULUMI_BACKEND_URL")
    elsewhere = {**environ, "PULUMI_CREDENTIALS_PATH": str(tmp_path)}
    assert current_backend(elsewhere, None) == ("", "")
    project.write_text("{")
    for broken in ("[", '{"current": 1}', '{"$pulumiSecureStore": 1}', "", "null"):
        (home / "credentials.json").write_text(broken)
        assert current_backend(environ, program) == ("", "")
