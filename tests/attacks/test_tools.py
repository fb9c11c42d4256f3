"""Whoever changes the project tries to choose the tools, their configuration or the SDK that judging uses."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from packreg.analyzer.pack_program import pack_program
from packreg.errors import InstallError, UsageError
from packreg.install.home import Home
from packreg.install.interpreter import find_interpreter
from packreg.install.lock_dependencies import lock_dependencies
from packreg.install.npm_lock import lock_problems
from packreg.install.programs import Programs
from packreg.install.tools import Tools
from packreg.pack.files import File
from packreg.pack.manifest import parse_manifest
from packreg.pack.package_json import parse_package_json
from packreg.pack.problems import Problems
from packreg.pack.pyproject import parse_pyproject
from packreg.pack.wheel import build_wheel
from tests.install.shop import Index, Wheel, checked, python_pack, serving

LEAF = Wheel("leafpkg", "1.0")
needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="there is no npm here")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A project that the attacker may write to."""
    place = tmp_path / "checkout"
    place.mkdir()
    (place / "Pulumi.yaml").write_text("name: shop\nruntime: yaml\n")
    return place


def users_tools(checkout: Path, index: Index, tmp_path: Path) -> Tools:
    """Tools of a user whose own configuration names an index, with a home that lies in the checkout."""
    own = tmp_path / "user"
    (own / "uv").mkdir(parents=True, exist_ok=True)
    (own / "uv" / "uv.toml").write_text(f'[[index]]\nurl = "{index.url}/simple/"\ndefault = true\n')
    (own / "npmrc").write_text(f"registry={index.url}/\nfetch-retries=0\n")
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(own),
        "XDG_CONFIG_HOME": str(own),
        "UV_CACHE_DIR": str(tmp_path / "cache"),
        "NPM_CONFIG_USERCONFIG": str(own / "npmrc"),
        "NPM_CONFIG_CACHE": str(tmp_path / "npm"),
        "NO_PROXY": "127.0.0.1",
    }
    return Tools(Home(checkout / "home"), environ, checkout=checkout)


def executable(path: Path, text: str = "#!/bin/sh\nexit 0\n") -> Path:
    """A program of the attacker's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def evil_configuration(checkout: Path, evil: Index) -> None:
    """Everything in a checkout by which uv and npm could be led elsewhere."""
    (checkout / "uv.toml").write_text(
        f'cache-dir = "{checkout}/written"\n[[index]]\nurl = "{evil.url}/simple/"\ndefault = true\n'
    )
    (checkout / "pyproject.toml").write_text(
        '[project]\nname = "top"\nversion = "1"\n'
        '[tool.uv.workspace]\nmembers = ["home/tmp/*/*", "home/tmp/*"]\n'
    )
    (checkout / "package.json").write_text(
        json.dumps({"name": "top", "version": "1.0.0", "workspaces": ["home/tmp/*", "home/node/*"]})
    )
    (checkout / ".npmrc").write_text(f"registry={evil.url}/\n")


def test_a_uv_toml_of_the_project_does_not_steer_the_resolver(checkout: Path, tmp_path: Path) -> None:
    """A checkout with a uv.toml around packreg's home names another index: the user's own index is asked."""
    with serving(LEAF) as good, serving(Wheel("leafpkg", "6.6.6")) as evil:
        evil_configuration(checkout, evil)
        tools = users_tools(checkout, good, tmp_path)
        lock = lock_dependencies(checked(python_pack(requirements="leafpkg\n")), tools)
        assert lock is not None and lock.text.startswith("leafpkg==1.0")
        assert evil.requests == 0 and good.requests > 0
    assert not (checkout / "written").exists()


def test_a_uv_toml_of_the_project_does_not_steer_a_build(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lies where `publish` runs: what the pack is built with still comes from the user's index."""
    backend = "def build_wheel(directory, *rest):\n    import leafpkg\n    raise SystemExit(leafpkg.value)\n"
    pyproject = '[build-system]\nrequires = ["leafpkg"]\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    files = {"pyproject.toml": File(pyproject.encode()), "backend.py": File(backend.encode())}
    said: list[str] = []
    with serving(LEAF) as good, serving(Wheel("leafpkg", "6.6.6")) as evil:
        evil_configuration(checkout, evil)
        monkeypatch.chdir(checkout)
        tools = users_tools(checkout, good, tmp_path)
        with pytest.raises(Exception, match=r"1\.0"):
            build_wheel(files, log=said.append, environ=tools.environment)
        assert evil.requests == 0 and good.requests > 0
    assert not (checkout / "written").exists()


LOCKED = """version = 1
requires-python = ">=3.11"
[[package]]
name = "guard"
version = "1.0.0"
source = { virtual = "." }
dependencies = [{ name = "leafpkg" }]
[[package]]
name = "leafpkg"
version = "1.0"
source = { registry = "https://index.example/simple" }
wheels = [{ url = "https://index.example/leafpkg-1.0-py3-none-any.whl", hash = "sha256:HASH" }]
"""


def test_a_packs_own_settings_for_uv_write_nowhere(checkout: Path, tmp_path: Path) -> None:
    """A pack's [tool.uv] cache-dir names any path: the pack is refused, and uv would not follow it either."""
    place = tmp_path / "written"
    head = '[project]\nname = "guard"\nversion = "1.0.0"\nrequires-python = ">=3.11"\n'
    plain = head + 'dependencies = ["leafpkg"]\n'
    problems = Problems()
    parse_pyproject(f'{plain}[tool.uv]\ncache-dir = "{place}"\n'.encode(), problems)
    assert [problem.code for problem in problems.errors] == ["uv-setting"]
    with serving(LEAF) as good:
        evil_configuration(checkout, good)
        pack = checked(
            python_pack(toolchain="uv", pyproject_toml=plain, uv_lock=LOCKED.replace("HASH", LEAF.sha256))
        )
        evil = File(f'{plain}[tool.uv]\ncache-dir = "{place}"\n'.encode())
        lock = lock_dependencies(
            replace(pack, files={**pack.files, "pyproject.toml": evil}), users_tools(checkout, good, tmp_path)
        )
    assert lock is not None and lock.text.startswith("leafpkg==1.0")
    assert not place.exists()


@pytest.mark.parametrize(
    "table",
    [
        '[tool.uv]\ncache-dir = "/x"\n', '[tool.uv]\npublish-url = "https://x"\n',
        "[tool.uv]\noffline = true\n",
        '[tool.uv.pip]\noutput-file = "/x"\n', '[tool.uv.pip]\ntarget = "/x"\n',
        '[tool.uv.pip]\ntorch-backend = "cpu"\n', '[tool.uv]\npython-install-mirror = "https://x"\n',
        "[tool.uv]\nsomething-new = 1\n", '[[tool.uv.dependency-metadata]]\nname = "pulumi"\n',
    ],
)  # fmt: skip
def test_what_a_pack_may_tell_uv_is_a_list(table: str) -> None:
    """A setting that is not on the list, also one that only a newer uv has, is an error."""
    problems = Problems()
    parse_pyproject(table.encode(), problems)
    assert [problem.code for problem in problems.errors] == ["uv-setting"]


@needs_npm
def test_an_npmrc_of_the_project_does_not_steer_npm(checkout: Path, tmp_path: Path) -> None:
    """A checkout calls packreg's directories its workspaces, to have its .npmrc count: it does not."""
    files = {
        "PulumiPolicy.yaml": File(b"runtime: nodejs\n"),
        "package.json": File(b'{"name": "p", "version": "1.0.0", "dependencies": {"leafpkg": "1.0.0"}}'),
        "index.js": File(b"require('@pulumi/policy'); new PolicyPack('p', {});"),
    }
    with serving() as good, serving() as evil:
        evil_configuration(checkout, evil)
        with pytest.raises(InstallError, match="could not resolve the dependencies"):
            lock_dependencies(checked(files, "p"), users_tools(checkout, good, tmp_path))
        assert evil.requests == 0 and good.requests > 0


def test_npm_run_does_not_pass_the_projects_npmrc_on(tmp_path: Path) -> None:
    """Below `npm run`, where npm has put a project's settings into variables, these are left out."""
    environ = {
        "npm_lifecycle_event": "deploy",
        "npm_config_registry": "https://evil",
        "NODE_OPTIONS": "-r ./x",
    }
    passed = Tools(Home(tmp_path), environ | {"NPM_CONFIG_REGISTRY": "https://own"}).environment
    assert passed["NPM_CONFIG_REGISTRY"] == "https://own"
    assert not {"npm_config_registry", "npm_lifecycle_event", "NODE_OPTIONS"} & passed.keys()


@pytest.mark.parametrize("variable", ["UV_CONFIG_FILE", "PIP_CONFIG_FILE", "npm_config_userconfig"])
@pytest.mark.parametrize("file", ["uv.toml", "{checkout}/uv.toml", "{checkout}/../checkout/uv.toml"])
def test_configuration_files_in_the_checkout_are_refused(
    checkout: Path, tmp_path: Path, variable: str, file: str
) -> None:
    """A variable names a configuration file that a commit can change: packreg stops and says which."""
    tools = Tools(Home(tmp_path), {variable: file.format(checkout=checkout)}, checkout=checkout)
    with pytest.raises(UsageError, match=variable) as caught:
        tools.run([sys.executable, "-c", ""], "do it")
    assert "outside the checkout" in caught.value.hint


@pytest.mark.parametrize(
    "entries", ["bin", "", ".", "./bin", "{checkout}/bin", "{link}", "{checkout}/x/../bin"]
)
def test_programs_of_the_checkout_are_not_found(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entries: str
) -> None:
    """A `node` of the checkout is first on a PATH with relative, odd or linked entries: the next is taken."""
    executable(checkout / "bin" / "node")
    executable(checkout / "node")
    (checkout / "x").mkdir()
    (tmp_path / "link").symlink_to(checkout / "bin")
    own = executable(tmp_path / "own" / "node")
    monkeypatch.chdir(checkout)
    first = entries.format(checkout=checkout, link=tmp_path / "link")
    found = Programs(f"{first}{os.pathsep}{own.parent}", checkout)
    assert found.find("node") == str(own)
    assert found.path == str(own.parent)


def test_a_linked_program_of_the_checkout_is_not_found(checkout: Path, tmp_path: Path) -> None:
    """A good directory holds a link into the checkout: what the link means decides."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "node").symlink_to(executable(checkout / "node"))
    assert Programs(str(tmp_path / "own"), checkout).find("node") is None
    with pytest.raises(UsageError, match="is in the checkout"):
        Programs("", checkout).checked(str(tmp_path / "own" / "node"), "tools.node")


def test_an_interpreter_of_the_checkout_makes_no_environment(checkout: Path, tmp_path: Path) -> None:
    """A packreg.toml of the project names ./python as the interpreter: it is not started."""
    program = executable(checkout / "python", f"#!/bin/sh\ntouch {checkout}/ran\n")
    tools = Tools(Home(tmp_path / "home"), dict(os.environ), checkout=checkout)
    with pytest.raises(UsageError, match="is in the checkout"):
        find_interpreter(str(program), tools)
    assert not (checkout / "ran").exists()


def test_the_operators_node_comes_first(tmp_path: Path) -> None:
    """`tools.node` names one: it, and the npm beside it, are taken before those on PATH."""
    own, other = (executable(tmp_path / name / "node") for name in ("own", "other"))
    npm = executable(own.parent / "npm")
    tools = Tools(Home(tmp_path / "home"), {"PATH": str(other.parent)}, named={"node": str(own)})
    assert tools.which("node") == str(own) and tools.which("npm") == str(npm)
    assert tools.environment["PATH"].split(os.pathsep) == [str(own.parent), str(other.parent)]


def test_the_report_names_the_interpreter(tmp_path: Path) -> None:
    """A pack's environment links to an interpreter: the real one and its version are noted."""
    made = tmp_path / "venv" / "bin"
    made.mkdir(parents=True)
    (made / "python").symlink_to(sys.executable)
    (made.parent / "pyvenv.cfg").write_text("home = /usr/bin\nversion_info = 3.11.7.final.0\n")
    (tmp_path / "__main__.py").touch()
    manifest = parse_manifest(b"runtime:\n  name: python\n  options: {virtualenv: venv}\n", Problems())
    assert manifest is not None
    engine = pack_program("guard", tmp_path, manifest, {}).engine
    assert engine is not None
    assert engine[:3] == ("python", os.path.realpath(sys.executable), "3.11.7")


def sdk_errors(package_json: dict[str, object]) -> list[str]:
    """The codes of what is wrong with a package.json."""
    problems = Problems()
    parse_package_json(json.dumps({"name": "p", "version": "1.0.0", **package_json}).encode(), problems)
    return [problem.code for problem in problems.errors]


@pytest.mark.parametrize(
    "more",
    [
        {"dependencies": {"@pulumi/policy": "npm:evil@1.0.0"}},
        {"devDependencies": {"@pulumi/pulumi": "npm:@evil/pulumi@^3"}},
        {"overrides": {"@pulumi/pulumi": "npm:evil@1.0.0"}},
        {"overrides": {"@pulumi/pulumi@3": "npm:evil@1.0.0"}},
        {"overrides": {"@pulumi/policy": {"@pulumi/pulumi": {".": "npm:evil@1.0.0"}}}},
        {"resolutions": {"**/@pulumi/policy": "npm:evil@1.0.0"}},
        {"dependencies": {"evil": "1.0.0"}, "overrides": {"@pulumi/policy": "$evil"}},
    ],
)
def test_an_alias_for_the_sdk_is_an_error(more: dict[str, object]) -> None:
    """package.json puts another package in the place of Pulumi's SDK, which would then judge: refused."""
    assert sdk_errors(more) == ["sdk-replaced"]


def test_the_sdk_itself_is_no_alias() -> None:
    """Pulumi's own packages in any version, and aliases of other packages, are as before."""
    pinned = {"dependencies": {"@pulumi/policy": "1.20.0"}, "overrides": {"@pulumi/pulumi": "3.248.0"}}
    assert sdk_errors(pinned) == []
    assert sdk_errors({"dependencies": {"@pulumi/policy": "npm:@pulumi/policy@1.20.0", "a": "npm:b@1"}}) == []


SHA = "sha512-" + "A" * 86 + "=="


@pytest.mark.parametrize(
    ("place", "entry"),
    [
        ("node_modules/@pulumi/policy", {"name": "evil"}),
        ("node_modules/a/node_modules/@pulumi/pulumi", {"name": "evil"}),
        ("node_modules/@pulumi/policy", {"resolved": "https://registry.npmjs.org/evil/-/evil-1.0.0.tgz"}),
        ("node_modules/@pulumi/policy", {"version": "npm:evil@1.0.0"}),
    ],
)
def test_a_lock_that_replaces_the_sdk_is_refused(place: str, entry: dict[str, str]) -> None:
    """The lock has another package in the folder of Pulumi's SDK: neither published nor installed."""
    packages = {place: {"version": "1.0.0", "integrity": SHA, **entry}}
    problems = lock_problems(json.dumps({"lockfileVersion": 3, "packages": packages}).encode(), "lock")
    assert any("in the place of @pulumi/" in problem for problem in problems)
    old = {"@pulumi/policy": {"version": "npm:evil@1.0.0", "integrity": SHA}}
    problems = lock_problems(json.dumps({"lockfileVersion": 1, "dependencies": old}).encode(), "lock")
    assert any("in the place of @pulumi/" in problem for problem in problems)


@pytest.mark.parametrize("name", ["pulumi", "Pulumi_Policy", "pulumi.policy"])
def test_a_pack_cannot_take_the_name_of_the_sdk(name: str) -> None:
    """A buildable pack is called like Pulumi's package, and its wheel would be installed over it: refused."""
    problems = Problems()
    parse_pyproject(f'[project]\nname = "{name}"\nversion = "1"\n'.encode(), problems)
    assert [problem.code for problem in problems.errors] == ["sdk-replaced"]


def test_the_command_takes_no_program_of_the_checkout(checkout: Path, tmp_path: Path) -> None:
    """`packreg` runs in the checkout with its ./bin first on PATH: none of the programs there is started."""
    for name in ("node", "npm", "git", "pip", "pip3"):
        executable(checkout / "bin" / name, f"#!/bin/sh\ntouch {checkout}/ran\n")
    environ = {
        **os.environ,
        "PATH": f"bin{os.pathsep}{checkout / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PACKREG_HOME": str(tmp_path / "home"),
        "PACKREG_REGISTRY": str(tmp_path / "registry"),
        "HOME": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-m", "packreg", "doctor", "--no-probe", "--json"],
        cwd=checkout, env=environ, capture_output=True, check=False,
    )  # fmt: skip
    checks = {check["topic"]: check["message"] for check in json.loads(done.stdout)["checks"]}
    assert {"git", "uv"} <= checks.keys()
    assert str(checkout) not in json.dumps(checks)
    assert not (checkout / "ran").exists()
    assert stat.S_IMODE((checkout / "bin" / "git").stat().st_mode) == 0o755
