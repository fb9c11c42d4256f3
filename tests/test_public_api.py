"""The library: what `packreg` exports is what it promises, and it is typed."""

from __future__ import annotations

import inspect
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

import packreg
from packreg import errors

#: The promise. A name may be added; taking one away breaks somebody's program.
PUBLIC = [
    "ChangedMeanwhile",
    "ClusterUnavailable",
    "Enforced",
    "Entity",
    "Evaluation",
    "Home",
    "InstallError",
    "Installed",
    "Installer",
    "IntegrityError",
    "InvalidConfiguration",
    "InvalidPack",
    "InvalidState",
    "Key",
    "Limits",
    "Lock",
    "NotEvaluated",
    "NotFound",
    "NotInstalled",
    "Notify",
    "OutcomeUnknown",
    "Pack",
    "PackFailed",
    "PackregError",
    "Pool",
    "Problem",
    "Published",
    "Record",
    "Reference",
    "Registry",
    "Removed",
    "Report",
    "ReportStore",
    "Resolved",
    "Snapshot",
    "Source",
    "Store",
    "StoreError",
    "StoreRefused",
    "StoreUnavailable",
    "StoreUnsafe",
    "StoredReport",
    "Tools",
    "UsageError",
    "Verdict",
    "Version",
    "VersionRange",
    "VersionUsed",
    "Workspace",
    "enforce",
    "load_pack",
    "lock_dependencies",
    "open_registry",
    "open_store",
    "read_preview",
    "read_state",
    "stack_entity",
]
#: Those of them that are no classes or functions: the words that a text may be.
ALIASES = ["Verdict"]


def test_the_public_names_are_pinned() -> None:
    """`__all__` is exactly the promise, and `dir` shows all of it."""
    assert packreg.__all__ == PUBLIC
    assert set(PUBLIC) <= set(dir(packreg))


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_there(name: str) -> None:
    """Each name loads, is what its own module calls so, and says what it does."""
    found = getattr(packreg, name)
    if name in ALIASES:
        assert get_args(found)
        return
    assert found.__name__ == name
    assert inspect.getdoc(found)


def test_every_error_is_public() -> None:
    """A program can catch by name whatever packreg raises on purpose."""
    raised = {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, Exception)
    }
    assert raised <= set(PUBLIC)


def test_no_public_name_loads_a_face() -> None:
    """A program that uses all of it has neither the command line nor the guard."""
    program = (
        "import sys, packreg; [getattr(packreg, name) for name in packreg.__all__]; "
        "print([name for name in sys.modules if (name + '.').startswith(('packreg.cli.', 'packreg.guard.'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_other_names_are_attribute_errors() -> None:
    """A name that is not there fails as in every module."""
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        packreg.nothing  # noqa: B018


PROGRAM = '''
"""What an enforcement service does: everything here must type-check in strict mode."""
from pathlib import Path
from typing import assert_type

from packreg import Home, Installed, Installer, InvalidPack, Lock, NotFound, Pack, PackregError, Problem
from packreg import Published, Reference, Registry, Resolved, Source, Store, Tools, Version
from packreg import Enforced, Entity, Evaluation, InvalidState, Notify, Pool, Report, ReportStore, Snapshot
from packreg import StoredReport, Verdict, Workspace, enforce, read_preview, read_state, stack_entity
from packreg import load_pack, lock_dependencies, open_registry, open_store


def latest(registry: Registry, name: str) -> Version | None:
    try:
        resolved = registry.resolve(Reference.parse(name))
    except NotFound:
        return None
    assert_type(resolved, Resolved)
    assert_type(registry.packs(), list[str])
    return resolved.record.version


def check(directory: Path) -> tuple[Problem, ...]:
    try:
        assert_type(load_pack(directory), Pack)
    except InvalidPack as error:
        return error.problems
    return ()


def install(registry: Registry, tools: Tools) -> Installed:
    installer = Installer(Home(Path("/srv/home")), registry, tools, packreg="1.0 of a service")
    return installer.install(Reference.parse("guard"))


def publish(registry: Registry, pack: Pack, tools: Tools) -> Published:
    lock: Lock | None = lock_dependencies(pack, tools)
    return registry.publish(pack, lock=lock, source=Source(), publisher="ada", tool="a service")


class Told(Notify):
    def warn(self, text: str, hint: str = "") -> None:
        print(text, hint)


def decide(workspace: Workspace, stack: Entity | str, data: bytes, pool: Pool) -> bool:
    try:
        snapshot = read_state(data, "a request")
    except InvalidState:
        snapshot = read_preview(data, "a request")
    assert_type(snapshot, Snapshot)
    decision = enforce(workspace, stack, snapshot, pool=pool)
    assert_type(decision, Enforced)
    verdict: Verdict = decision.verdict
    assert_type(decision.report, Report)
    assert_type(decision.report.evaluation, Evaluation)
    return decision.passes and verdict != "denied"


def newest(workspace: Workspace) -> tuple[StoredReport, ...]:
    return ReportStore(workspace).newest(stack_entity("shop/prod"), "enforce")


def service() -> None:
    settings = {"install": {"home": "/srv/home"}, "analysis": {"memory": "1GiB"}}
    with Workspace({}, registry="/srv/packs", settings=settings, by="ada", notify=Told()) as workspace:
        assert_type(workspace.registry(), Registry)
        with Pool(keep=8) as pool:
            decide(workspace, "shop/prod", b"{}", pool)


assert_type(open_registry("/srv/packs"), Registry)
assert_type(open_store("/srv/packs"), Store)
assert_type(PackregError("x").exit_code, int)
'''


def test_a_program_that_uses_the_library_type_checks(tmp_path: Path) -> None:
    """`py.typed` and the lazy names give a strict type checker the real types."""
    pytest.importorskip("mypy", reason="mypy checks the types in the environment for linting")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(program)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_program_publishes_and_reads(tmp_path: Path) -> None:
    """The example of the package's docstring; what was installed from a registry is here without it."""
    pack_directory = tmp_path / "guard"
    pack_directory.mkdir()
    (pack_directory / "PulumiPolicy.yaml").write_text("runtime: opa\nversion: 1.2.0\n")
    (pack_directory / "guard.rego").write_text("package guard\n\nimport rego.v1\n")
    registry = packreg.open_registry("registry", cwd=tmp_path)
    registry.init()
    pack = packreg.load_pack(pack_directory)
    published = registry.publish(pack, lock=None, source=packreg.Source(), publisher="ada", tool="a test")
    assert not published.already
    release = registry.resolve(packreg.Reference.parse("guard@^1.2"))
    assert release.record == published.record
    assert registry.files(release.record) == pack.files
    home = packreg.Home(tmp_path / "home")
    installer = packreg.Installer(home, registry, packreg.Tools(home, {}), packreg="a test")
    installed = installer.install(packreg.Reference.parse("guard@1.2.0"))
    shutil.rmtree(installed.path)
    shutil.rmtree(tmp_path / "registry")
    again = installer.install(packreg.Reference.parse("guard"), offline=True)
    assert (again.path, again.changed) == (installed.path, True)
