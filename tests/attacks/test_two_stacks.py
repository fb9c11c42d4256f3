"""Two teams have a stack of one name in two backends: neither is governed or reported as the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.analyzer.program import Stack
from packreg.cli.context import CommandContext
from packreg.errors import NotEvaluated
from packreg.guard.backend import GuardBackend
from packreg.services.backends import canonical, current_backend
from tests.cli.conftest import Done, User
from tests.cli.conftest import user as user
from tests.cli.governed import GOOD, GUARD, OPEN, founder, moved_in, write_stack

pytestmark = pytest.mark.usefixtures("opa")

EAST, WEST = "east:organization/infra/prod", "west:organization/infra/prod"


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry in which every stack is audited with guard."""
    founding = founder(tmp_path_factory.mktemp("two"))
    founding.publish("guard", "1.0.0", files={"policy.rego": GUARD})
    founding.must("enable", "--yes", "guard", "--group", "default-audit-policy-group", "--quiet")
    return founding.top


@pytest.fixture
def office(user: User, founded: Path) -> User:
    """Somebody with that registry and two backends, of which the western one breaks the rule."""
    write_stack(user.directory / "east", "infra", "prod", GOOD)
    write_stack(user.directory / "east", "shop", "dev", GOOD)
    write_stack(user.directory / "west", "infra", "prod", OPEN)
    return moved_in(user, founded)


def name_backends(office: User, *names: str) -> None:
    """Write the user's settings, with these backends by name."""
    office.extra["XDG_CONFIG_HOME"] = str(office.top / "config")
    path = office.top / "config" / "packreg" / "packreg.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    tables = [f'[backends.{name}]\nurl = "file://{office.directory / name}"\n' for name in names]
    path.write_text("\n".join(tables))


def audit(office: User, backend: str) -> Done:
    """The audit of a backend by its directory."""
    return office("audit", "--all", "--backend", f"file://{backend}", "--json")


def verdicts(done: Done) -> dict[str, str]:
    """The verdict on each entity."""
    return {each["entity"]: each["verdict"] for each in done.json()["entities"]}


def test_an_unnamed_collision_is_an_error(office: User) -> None:
    """The second backend with infra/prod does not overwrite what is known of the first one's."""
    assert verdicts(audit(office, "east")) == {
        "organization/infra/prod": "compliant",
        "organization/shop/dev": "compliant",
    }
    done = audit(office, "west")
    assert (done.code, verdicts(done)) == (4, {"organization/infra/prod": "not-evaluated"})
    assert "several backends have a stack organization/infra/prod" in done.err
    assert "[backends.east] url" in office("why", "infra/prod").err
    assert office("why", "infra/prod").code == 4
    assert [each["entity"] for each in office.must("compliance", "--json").json()] == [
        "organization/infra/prod",
        "organization/shop/dev",
    ]


def test_named_backends_tell_them_apart(office: User) -> None:
    """Reports, findings, and what each must run are of the one that is meant; other names stay."""
    name_backends(office, "east", "west")
    audit(office, "east")
    audit(office, "west")
    assert verdicts(audit(office, "east")) == {EAST: "compliant", "organization/shop/dev": "compliant"}
    assert verdicts(audit(office, "west")) == {WEST: "not-compliant"}
    rows = office.must("findings", "ls", "--pack", "guard", "--json").json()
    assert {row["entity"] for row in rows} == {WEST}
    assert office.must("why", "west:infra/prod", "--json").json()["entity"] == WEST
    assert office.must("why", "infra/prod", "--backend", "east", "--json").json()["entity"] == EAST
    assert office.must("why", "shop/dev", "--json").json()["entity"] == "organization/shop/dev"
    assert office.must("required", "east:shop/dev", "--json").json()["entity"] == "organization/shop/dev"
    ambiguous = office("why", "infra/prod")
    assert ambiguous.code == 4 and "east, west" in ambiguous.err
    assert office("why", "north:infra/prod").code == 2
    found = office.must("report", "west:infra/prod", "--format", "json").json()
    assert [each["required"]["entity"] for each in found] == [WEST]
    assert verdicts(office("audit", "west:infra/prod", "--json")) == {WEST: "not-compliant"}
    assert WEST in office("prove", "west:infra/prod", "--at", "2100-01-01").out


def test_groups_and_waivers_are_for_one_of_them(office: User) -> None:
    """A group may name the backend; without it means both; a waiver never reaches the other team's stack."""
    name_backends(office, "east", "west")
    office.must("disable", "--yes", "guard", "--group", "default-audit-policy-group", "--quiet")
    office.must("group", "new", "west", "--mode", "audit", "--add-stack", "west:infra/*", "--quiet")
    office.must("enable", "guard", "--group", "west", "--quiet")
    for _ in range(2):
        found = {**verdicts(audit(office, "east")), **verdicts(audit(office, "west"))}
    assert (found[EAST], found[WEST]) == ("nothing-required", "not-compliant")
    waiver = (
        "waiver",
        "add",
        "guard:deny_open",
        "--expires",
        "30d",
        "--reason",
        "x",
        "--owner",
        "x",
        "--quiet",
    )
    office.must(*waiver, "--stack", "infra/prod")
    office.must(*waiver, "--stack", "east:infra/prod")
    assert verdicts(audit(office, "west"))[WEST] == "not-compliant"
    office.must(*waiver, "--stack", "west:infra/prod")
    assert verdicts(audit(office, "west"))[WEST] == "compliant"
    office.must("group", "new", "all", "--mode", "audit", "--add-stack", "infra/prod", "--quiet")
    office.must("enable", "guard", "--group", "all", "--quiet")
    assert verdicts(audit(office, "east"))[EAST] == "compliant"


def test_the_guard_comes_to_the_same_entity(office: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the backend that the CLI uses; a stack of an unknown backend gets no laxer rule, but an error."""
    name_backends(office, "east")
    office.must("enable", "--yes", "guard", "--quiet")
    audit(office, "east")

    def required(backend: str) -> str:
        environ = {**office.environ, "PULUMI_BACKEND_URL": f"file://{office.directory / backend}"}
        monkeypatch.chdir(office.directory)
        guard = GuardBackend(CommandContext(environ))
        prepared = guard.prepare(Stack("prod", "infra", "organization"), "preventative")
        guard.begin(prepared)
        return prepared.required.entity.name

    assert required("east") == "organization/infra/prod"
    with pytest.raises(NotEvaluated, match="several backends have a stack organization/infra/prod"):
        required("west")
    name_backends(office, "east", "west")
    assert required("west") == WEST
    assert required("east") == EAST


def test_the_backend_is_the_one_that_the_cli_uses(tmp_path: Path) -> None:
    """The variable, then the project's, then what `pulumi login` left."""
    program, home = tmp_path / "program" / "main", tmp_path / "home"
    program.mkdir(parents=True)
    home.mkdir()
    environ = {"PULUMI_HOME": str(home)}
    assert current_backend(environ, program).url == ""
    (home / "credentials.json").write_text('{"current": "s3://login"}')
    assert current_backend(environ, program).url == "s3://login"
    (program.parent / "Pulumi.yaml").write_text("name: x\nbackend:\n  url: s3://project\n")
    assert current_backend(environ, program).url == "s3://project"
    assert current_backend({**environ, "PULUMI_BACKEND_URL": "s3://variable"}, program).url == "s3://variable"
    (program.parent / "Pulumi.yaml").write_text("name: x\nbackend: [")
    assert current_backend(environ, program).url == "s3://login"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("s3://b/p", "s3://b/p/?region=eu-central-1&profile=x", True),
        ("s3://b/p", "s3://b/q", False),
        ("s3://b?endpoint=http://minio:9000", "s3://b", False),
        ("s3://b?endpoint=minio:9000&s3ForcePathStyle=true", "s3://b?endpoint=http://minio:9000/", True),
        ("postgres://ada:secret@db/x", "postgres://db/x", True),
        ("file:///srv/a/../b", "file:///srv/b/", True),
        ("file://states", "file:///shop/states", True),
    ],
)
def test_one_backend_has_one_form(one: str, other: str, same: bool) -> None:
    """Options and credentials make no other backend; another server does."""
    here = Path("/shop")
    assert (canonical(one, here) == canonical(other, here)) is same
    assert "secret" not in canonical(one, here)
