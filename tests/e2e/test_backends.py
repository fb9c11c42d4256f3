"""States that the real Pulumi CLI keeps wherever it can are read from there, named in its own words."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.e2e.conftest import cli_shell, unavailable
from tests.e2e.governed import OPEN
from tests.e2e.user import FIXTURES, Pulumi, Shell, publish, with_registry
from tests.servers import azurite, gateways, google, postgres
from tests.store.ministack import CREDENTIALS, client

_numbers = itertools.count()
TOKEN = "a-token-that-nobody-may-see"
PROJECT = """
name: {name}
runtime: yaml
resources:
  open:
    type: demo:index:Bucket
    properties: {properties}
"""


@dataclass(frozen=True)
class KindOfBackend:
    """A kind of backend on a running server: makes the URL of a new one.

    It is used with `variables`; `secrets` must be in nothing that packreg prints.
    """

    new: Callable[[], str]
    variables: dict[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()


@contextmanager
def _file(place: Path) -> Iterator[KindOfBackend]:
    def new() -> str:
        path = place / str(next(_numbers))
        path.mkdir(parents=True)
        return path.as_uri()

    yield KindOfBackend(new)


@contextmanager
def _s3(place: Path) -> Iterator[KindOfBackend]:
    with gateways.versitygw(place) as endpoint:
        client(endpoint).create_bucket(Bucket="states")
        query = f"endpoint={endpoint.removeprefix('http://')}&disableSSL=true&s3ForcePathStyle=true"
        yield KindOfBackend(
            lambda: f"s3://states/team/{next(_numbers)}?{query}&region=us-east-1",
            CREDENTIALS,
            (CREDENTIALS["AWS_SECRET_ACCESS_KEY"],),
        )


@contextmanager
def _google(place: Path) -> Iterator[KindOfBackend]:
    with google.fake_gcs(place) as endpoint:
        google.make_bucket(endpoint, "states")
        # Pulumi's library wants the server without a scheme, and a token, which it does not look at
        variables = {
            "STORAGE_EMULATOR_HOST": endpoint.removeprefix("http://"),
            "GOOGLE_OAUTH_ACCESS_TOKEN": TOKEN,
        }
        yield KindOfBackend(lambda: f"gs://states/team/{next(_numbers)}", variables, (TOKEN,))


@contextmanager
def _azure(place: Path) -> Iterator[KindOfBackend]:
    with azurite.azurite(place) as domain:
        azurite.container(domain, "states").create_container()
        query = f"storage_account={azurite.ACCOUNT}&protocol=http&domain={domain}&localemu=true"
        variables = {"AZURE_STORAGE_ACCOUNT": azurite.ACCOUNT, "AZURE_STORAGE_KEY": azurite.KEY}
        yield KindOfBackend(
            lambda: f"azblob://states/team/{next(_numbers)}?{query}", variables, (azurite.KEY,)
        )


@contextmanager
def _postgres(place: Path) -> Iterator[KindOfBackend]:
    with postgres.postgres() as server:

        def new() -> str:
            name = f"states_{next(_numbers)}"
            server.run("postgres", f"CREATE DATABASE {name}")
            return server.url(name, query="sslmode=require&table=Our_State")

        yield KindOfBackend(new, {}, (postgres.PASSWORD, postgres.PASSWORD_IN_URLS))


KINDS = {
    "file": (_file, lambda: ""),
    "s3": (_s3, gateways.missing_versitygw),
    "gs": (_google, google.missing_fake_gcs),
    "azblob": (_azure, azurite.missing_azurite),
    "postgres": (_postgres, postgres.missing_postgres),
}


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KindOfBackend]:
    """Each kind of backend."""
    start, missing = KINDS[request.param]
    if reason := missing():
        unavailable(reason)
    place = tmp_path_factory.mktemp("server") / "data"
    with start(place) as found:
        yield found


@pytest.fixture(scope="module")
def audited(registry: Shell, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A registry with a pack that stacks with the tag env=prod must run."""
    top = tmp_path_factory.mktemp("backends")
    shell = with_registry(registry, top)
    publish(shell, FIXTURES / "opa-guard", top / "opa-guard")
    for mode in ("preventative", "audit"):
        shell.must(f"packreg group new {mode} --mode {mode} --add-tag env=prod")
        shell.must(f"packreg enable opa_guard@latest --group {mode}")
    return shell


def logged_in(shell: Shell, pulumi: Pulumi, top: Path, url: str, variables: dict[str, str]) -> Shell:
    """A shell in which the CLI is logged in to a backend that no variable names."""
    top.mkdir()
    made = cli_shell(shell, pulumi, top)
    environment = {name: value for name, value in made.environment.items() if name != "PULUMI_BACKEND_URL"}
    made = replace(made, environment={**environment, **variables})
    made.must(f"pulumi login --non-interactive '{url}'")
    return made


def deploy(shell: Shell, more: str = "") -> str:
    """A stack `dev` with a tag and an open bucket; gives the name of its project, which no other has."""
    name = f"shop-{next(_numbers)}"
    text = PROJECT.format(name=name, properties=json.dumps(OPEN))
    (shell.directory / "Pulumi.yaml").write_text(text + more, "utf-8")
    shell.must("pulumi stack init dev --non-interactive")
    shell.must("pulumi stack tag set env prod --stack dev")
    shell.must("pulumi up --yes --non-interactive --stack dev")
    return name


def test_what_the_cli_keeps_is_audited_and_analyzed(
    audited: Shell, each_pulumi: Pulumi, kind: KindOfBackend, tmp_path: Path
) -> None:
    """By its URL, by its variable and as what is logged in to; tags and history too; no secret is shown."""
    url = kind.new()
    shell = logged_in(audited, each_pulumi, tmp_path / "user", url, kind.variables)
    stack = f"{deploy(shell)}/dev"
    shown = []

    def answer(line: str) -> object:
        code, output = shell.run(f"{line} 2>said")
        said = (shell.directory / "said").read_text("utf-8")
        shown.append(output + said)
        assert code in (0, 3), said
        return json.loads(output)

    for line, source in (
        (f"packreg audit --all --backend '{url}' --json", ""),
        (f"PULUMI_BACKEND_URL='{url}' packreg audit {stack} --json", "from PULUMI_BACKEND_URL"),
        ("packreg audit --all --json", "from `pulumi login`"),
    ):
        [found] = answer(line)["entities"]
        assert (found["entity"], found["verdict"]) == (f"organization/{stack}", "not-compliant")
        assert found["unguarded"], "the update is in the history, and no guard saw it"
        assert source in shown[-1]
    report = answer(f"packreg analyze opa_guard --stack {stack} --format json")
    assert (report["verdict"], report["totals"]["mandatory"]) == ("denied", 1)
    assert "from `pulumi login`" in shown[-1]
    for secret in kind.secrets:
        assert secret not in "".join(shown)


def test_a_projects_backend_is_for_its_own_stack_alone(
    audited: Shell, pulumi: Pulumi, tmp_path: Path
) -> None:
    """`analyze --stack` takes it before what is logged in to, as the CLI does; `audit` never does."""
    for name in ("login", "project"):
        (tmp_path / name).mkdir()
    shell = logged_in(audited, pulumi, tmp_path / "user", (tmp_path / "login").as_uri(), {})
    project = (tmp_path / "project").as_uri()
    stack = f"{deploy(shell, f'backend: {{url: {project!r}}}')}/dev"
    code, output = shell.run(f"packreg analyze opa_guard --stack {stack}")
    assert code == 3 and f"{tmp_path / 'project'}, from backend.url of" in output
    code, output = shell.run(f"packreg audit {stack}")
    assert code == 6 and f"{tmp_path / 'login'}, from `pulumi login`" in output
