"""What the end-to-end tests stand on: the CLIs, a provider, a backend in a directory, a registry, a home.

`pulumi` is the newest CLI. What is about the guard asks for `each_pulumi`, or for `make`, which does, and
runs with an older CLI too.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from tests.e2e import demo_provider, language_host
from tests.e2e.governed import GOOD, GovernedStack
from tests.e2e.programs import (
    OLDER_TOOLS,
    REGO_PROGRAMS,
    build_older_pulumi,
    build_pulumi,
    build_rego_programs,
    pulumi_version,
    write_starter,
)
from tests.e2e.user import FIXTURES, Pulumi, Shell, Stack, publish, with_registry

HERE = Path(__file__).parent
SHIMS = HERE / "shims"
ENVIRONMENT = """
values:
  environmentVariables:
    TOKEN: {fn::secret: token-of-many-letters}
  policyConfig:
    python-token:tells:
      word: {fn::secret: a secret word}
"""
SETTINGS = {"bucket-kept-long-enough": {"enforcementLevel": "mandatory", "minimumDays": 20}}
_projects = itertools.count()

Make = Callable[..., GovernedStack]


def unavailable(reason: str) -> NoReturn:
    """Skip the test with the reason; fail it on a build agent that has Go, where nothing may be skipped."""
    if os.environ.get("CI") and shutil.which("go"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for PATH with the provider of what the programs make."""
    place = tmp_path_factory.mktemp("provider")
    write_starter(place / "pulumi-resource-demo", Path(demo_provider.__file__))
    return place


@pytest.fixture(scope="session")
def pulumi(provider: Path, tmp_path_factory: pytest.TempPathFactory) -> Pulumi:
    """The newest Pulumi CLI, which runs policy packs by language hosts only."""
    if not shutil.which("go"):
        unavailable("there is no Go to build the Pulumi CLI with")
    hosts = tmp_path_factory.mktemp("hosts")
    for runtime in language_host.COMMANDS:
        write_starter(hosts / f"pulumi-language-{runtime}", Path(language_host.__file__), runtime)
    return Pulumi(pulumi_version(), (build_pulumi(), provider, hosts))


@pytest.fixture(scope="session")
def older_pulumi(provider: Path) -> Pulumi:
    """An older Pulumi CLI, which runs policy packs by programs on PATH; with the newest YAML host."""
    if not shutil.which("go"):
        unavailable("there is no Go to build the Pulumi CLI with")
    places = (build_older_pulumi(), build_pulumi(), provider, SHIMS)
    return Pulumi(pulumi_version(OLDER_TOOLS), places)


@pytest.fixture(scope="session", params=["pulumi", "older_pulumi"])
def each_pulumi(request: pytest.FixtureRequest) -> Pulumi:
    """One CLI after the other."""
    found: Pulumi = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def rego() -> dict[str, Path]:
    """`opa` and `conftest`."""
    if not shutil.which("go"):
        unavailable("there is no Go to build opa and conftest with")
    directory = build_rego_programs()
    return {name: directory / name for name in REGO_PROGRAMS}


@pytest.fixture(scope="session")
def node() -> None:
    """Node.js and npm, or the test does not run."""
    missing = [tool for tool in ("node", "npm") if not shutil.which(tool)]
    if missing:
        unavailable(f"there is no {' and no '.join(missing)} on PATH")


@pytest.fixture(scope="session")
def registry(rego: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A shell with `opa` whose packreg uses a registry in a directory and an empty home of its own."""
    top = tmp_path_factory.mktemp("registry")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "PACKREG_"))}
    beside = str(Path(sys.executable).parent)  # where tox installed packreg
    own = {
        "PATH": os.pathsep.join([beside, str(rego["opa"].parent), kept["PATH"]]),
        "PACKREG_HOME": str(top / "home"),
        "XDG_STATE_HOME": str(top / "state"),
    }
    return with_registry(Shell({**kept, **own}, top), top)


def cli_shell(registry: Shell, pulumi: Pulumi, top: Path) -> Shell:
    """A shell in which the CLI, too, has a home and a backend of its own, below `top`."""
    for name in ("backend", "pulumi", "program"):
        (top / name).mkdir()
    environment = {
        **registry.environment,
        "PATH": os.pathsep.join([*map(str, pulumi.places), registry.environment["PATH"]]),
        "PULUMI_HOME": str(top / "pulumi"),
        "PULUMI_BACKEND_URL": (top / "backend").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "not a secret",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "NO_COLOR": "1",
    }
    return Shell(environment, top / "program")


@pytest.fixture
def stack(registry: Shell, pulumi: Pulumi, tmp_path: Path) -> Stack:
    """A stack without a program yet; nothing of it outlives the test, nothing leaves the machine."""
    made = Stack(cli_shell(registry, pulumi, tmp_path))
    made.write(logs={"acl": "private"})
    made.shell.must("pulumi stack init dev --non-interactive")
    return made


@pytest.fixture(scope="session")
def office(node: None, registry: Shell, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A registry with two preventative groups of five packs and three runtimes, and an audit group.

    The default group is for everyone, `more` for every stack `dev`; projects called `broken-…` must also run
    a pack that cannot be started.
    """
    top = tmp_path_factory.mktemp("office")
    shell = with_registry(registry, top, PACKREG_PASSPHRASE="correct horse battery staple")
    for name in ("python-guard", "python-kinds", "nodejs-guard", "opa-guard", "python-plain"):
        publish(shell, FIXTURES / name, top / name)
    publish(shell, HERE / "packs" / "python-token", top / "python-token")
    shutil.copytree(FIXTURES / "broken" / "python-no-pack", top / "torn")
    shell.must("packreg publish --no-run --name torn ./torn")
    (top / "settings.json").write_text(json.dumps(SETTINGS))
    (top / "tokens.yaml").write_text(ENVIRONMENT)
    for line in (
        "packreg env set tokens tokens.yaml",
        "packreg enable python-guard@1.0.0 --yes --config settings.json",
        "packreg enable nodejs-guard@^1 --yes",
        "packreg group new more --add-stack '*/dev'",
        "packreg enable python-kinds@latest --group more",
        "packreg enable opa_guard@1.0.0 --group more",
        "packreg enable python-token@1.0.0 --group more --environment tokens",
        "packreg group new torn --add-stack 'broken-*/dev'",
        "packreg enable torn@latest --group torn",
        "packreg enable python-plain@latest --yes --group default-audit-policy-group",
    ):
        shell.must(line)
    return shell


@pytest.fixture
def make(office: Shell, each_pulumi: Pulumi, tmp_path: Path) -> Make:
    """Makes a stack that the guard watches, in a project of its own, on a backend of its own; in each CLI."""

    def made(form: str = "file", *, project: str = "", registry: str = "") -> GovernedStack:
        shell = cli_shell(office, each_pulumi, tmp_path)
        if registry:
            shell = replace(shell, environment={**shell.environment, "PACKREG_REGISTRY": registry})
        option = " --directory" if form == "directory" else ""
        code, guard = shell.answer(f"packreg guard --quiet{option}")
        assert code == 0
        stack = GovernedStack(shell, f"{project or 'shop'}-{next(_projects)}", guard.strip())
        stack.write(logs=GOOD)
        stack.plain.must("pulumi stack init dev --non-interactive")
        return stack

    return made
