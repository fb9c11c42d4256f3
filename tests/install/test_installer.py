"""Installing, start to end: what is there afterwards, and what never is."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from packreg.errors import InstallError, IntegrityError
from packreg.install import marker
from packreg.install.disk import remove_tree
from packreg.install.home import Home
from packreg.install.installer import Installed, Installer
from packreg.install.tools import Tools
from packreg.pack.bundle import encode
from packreg.pack.files import File
from packreg.pack.reference import Reference
from packreg.pack.version import Version
from packreg.registry.record import UNLOCKED, Lock, Source
from tests.install.conftest import LEAF, TWIG
from tests.install.shop import (
    MAIN,
    Index,
    Shop,
    Wheel,
    checked,
    lock_of,
    python_pack,
    tools_in,
    tree_digest,
)
from tests.install.test_environment import run

GUARD = Reference.parse("guard@1.0.0")


def names(directory: Path) -> list[str]:
    """What is in a directory."""
    return sorted(path.name for path in directory.iterdir()) if directory.is_dir() else []


def test_the_pack_is_there_as_published_with_its_environment(
    shop: Shop, installer: Installer, home: Home
) -> None:
    """Every file is in the home's place for it, the environment at its path, the marker tells of both."""
    record = shop.publish(
        python_pack(requirements="twigpkg\n", lib__rule_py="x = 1\n"), lock=lock_of(LEAF, TWIG)
    )
    done = installer.install(GUARD)
    assert done.path == home.packs / shop.location.id / "guard" / "1.0.0"
    assert (done.changed, done.digest, done.environment) == (True, record.digest, done.path / "venv")
    there = names(done.path)
    assert there == [".packreg.json", "PulumiPolicy.yaml", "__main__.py", "lib", "requirements.txt", "venv"]
    assert (done.path / "__main__.py").read_bytes() == MAIN
    assert done.environment is not None
    python = done.environment / "bin" / "python"
    assert run(python, "import leafpkg, twigpkg; print(leafpkg.value + twigpkg.value)") == "1.02.0"
    said = marker.read_marker(str(done.path))
    assert said is not None and said["digest"] == record.digest and said["registry"] == shop.location.id


def test_again_it_does_nothing_and_asks_nobody(shop: Shop, installer: Installer, index: Index) -> None:
    """An installed release is found without a request to the registry or the index."""
    shop.publish(python_pack(requirements="leafpkg\n"), lock=lock_of(LEAF))
    first = installer.install(GUARD)
    store = installer.releases.registry.store  # type: ignore[union-attr]
    asked, served = store.requests, index.requests
    again = installer.install(GUARD)
    assert again._replace(changed=True) == first and not again.changed
    assert (store.requests, index.requests) == (asked, served)


def test_an_exact_install_costs_three_requests(shop: Shop, installer: Installer) -> None:
    """Record, bundle, yanks are asked for once each; again, the bundle only for whether it is there."""
    shop.publish(python_pack())
    installer.install(GUARD)
    store = installer.releases.registry.store  # type: ignore[union-attr]
    assert store.requests == 3
    installer.install(GUARD, force=True)
    assert store.requests == 7


@pytest.mark.parametrize("virtualenv", ["venv", ".venv", "envs/x"])
def test_the_manifests_virtualenv_is_honoured(shop: Shop, installer: Installer, virtualenv: str) -> None:
    """The environment is where the manifest says, and the manifest is as published."""
    pack = python_pack(virtualenv=virtualenv)
    shop.publish(pack)
    done = installer.install(GUARD)
    assert done.environment == done.path / virtualenv
    assert (done.path / virtualenv / "bin" / "python").is_file()
    assert (done.path / "PulumiPolicy.yaml").read_bytes() == pack["PulumiPolicy.yaml"].data


def test_an_unset_virtualenv_is_written_in_with_everything_else_kept(
    shop: Shop, installer: Installer
) -> None:
    """Comments, unknown keys and line ends of the manifest survive; only the option is added."""
    text = b"# mine\r\nruntime: python  # short\r\nteam: platform\r\nversion: 1.0.0\r\n"
    shop.publish(python_pack() | {"PulumiPolicy.yaml": File(text)})
    done = installer.install(GUARD)
    written = (done.path / "PulumiPolicy.yaml").read_bytes()
    assert b"virtualenv: venv" in written and done.environment == done.path / "venv"
    for kept in (b"# mine\r\n", b"# short", b"team: platform\r\n", b"version: 1.0.0\r\n"):
        assert kept in written


def test_a_pack_without_requirements_gets_an_empty_environment(
    shop: Shop, installer: Installer, index: Index
) -> None:
    """No requirements.txt means an environment with nothing in it, made without any index."""
    shop.publish(python_pack())
    done = installer.install(GUARD)
    assert done.environment is not None and index.requests == 0
    code = "import importlib.metadata as m; print(len(list(m.distributions())))"
    assert run(done.environment / "bin" / "python", code) == "0"


def test_without_env_only_the_files_are_there(shop: Shop, installer: Installer, index: Index) -> None:
    """`--no-env` leaves manifest and dependencies alone; wanting the environment later installs it."""
    pack = python_pack(virtualenv=None, requirements="leafpkg\n")
    shop.publish(pack, lock=lock_of(LEAF))
    done = installer.install(GUARD, env=False)
    assert done.environment is None and index.requests == 0
    assert names(done.path) == [".packreg.json", *sorted(pack)]
    assert (done.path / "PulumiPolicy.yaml").read_bytes() == pack["PulumiPolicy.yaml"].data
    assert not installer.install(GUARD, env=False).changed
    assert installer.install(GUARD).environment is not None
    assert not installer.install(GUARD, env=False).changed


def test_an_opa_pack_needs_nothing(shop: Shop, installer: Installer) -> None:
    """An OPA pack is its files."""
    pack = {
        "PulumiPolicy.yaml": File(b"runtime: opa\nversion: 1.0.0\n"),
        "rules.rego": File(b"package guard\n"),
    }
    shop.publish(pack)
    done = installer.install(GUARD)
    assert done.environment is None and names(done.path) == [
        ".packreg.json",
        "PulumiPolicy.yaml",
        "rules.rego",
    ]
    assert not installer.install(GUARD).changed


def test_two_packs_share_what_they_have_in_common(shop: Shop, installer: Installer, home: Home) -> None:
    """Packs and versions with the same lock have one environment in the store and one each of their own."""
    for version, name in (("1.0.0", "guard"), ("1.1.0", "guard"), ("1.0.0", "limits")):
        pack = python_pack(version, requirements="leafpkg\n", note_txt=name)
        shop.publish(pack, name, lock_of(LEAF))
    done = installer.install_all(map(Reference.parse, ("guard@1.0.0", "guard@1.1.0", "limits@1.0.0")))
    installed = [one for one in done if isinstance(one, Installed) and one.changed]
    assert len({one.environment for one in installed}) == 3
    assert len(names(home.envs)) == 1


def test_forcing_makes_everything_new(shop: Shop, installer: Installer) -> None:
    """`--force` puts back what somebody edited, and removes what they added."""
    shop.publish(python_pack())
    done = installer.install(GUARD)
    (done.path / "__main__.py").write_text("edited")
    (done.path / "venv" / "added").write_text("added")
    with pytest.raises(IntegrityError, match=r"__main__\.py was changed, and 1 more"):
        installer.install(GUARD)
    assert installer.install(GUARD, force=True).changed
    assert (done.path / "__main__.py").read_bytes() == MAIN and not (done.path / "venv" / "added").exists()
    assert names(done.path.parent) == ["1.0.0"]


def test_a_digest_that_is_demanded_must_be_it(shop: Shop, installer: Installer) -> None:
    """A locked digest that differs from the record's stops the installation, installed or not."""
    record = shop.publish(python_pack())
    with pytest.raises(IntegrityError, match=record.digest):
        installer.install(GUARD, digest="sha256:" + "0" * 64)
    assert installer.install(GUARD, digest=record.digest).changed
    with pytest.raises(IntegrityError):
        installer.install(GUARD, digest="sha256:" + "0" * 64)


def test_a_pruned_environment_comes_back(shop: Shop, installer: Installer, home: Home) -> None:
    """A pack whose store entry was deleted is noticed and made whole again."""
    shop.publish(python_pack(requirements="leafpkg\n"), lock=lock_of(LEAF))
    done = installer.install(GUARD)
    assert remove_tree(home.envs)
    again = installer.install(GUARD)
    assert again.changed and again.environment is not None
    assert run(again.environment / "bin" / "python", "import leafpkg; print(leafpkg.value)") == "1.0"
    assert done.path == again.path


def test_another_python_makes_another_environment(
    shop: Shop, installer: Installer, other_python: str
) -> None:
    """`--python` is honoured, and asking for it again finds it done."""
    shop.publish(python_pack(requirements="leafpkg\n"), lock=lock_of(LEAF))
    installer.install(GUARD)
    done = installer.install(GUARD, python=other_python)
    assert done.changed and done.environment is not None
    version = run(done.environment / "bin" / "python", "import sys, leafpkg; print(sys.version)")
    asked = subprocess.run(
        [other_python, "-c", "import sys; print(sys.version)"], capture_output=True, text=True
    )
    assert version == asked.stdout.strip()
    assert not installer.install(GUARD, python=other_python).changed


@pytest.mark.parametrize("python", ["/nonexistent/python", "3.99", "./no/python", "--evil"])
def test_a_missing_interpreter_is_said(shop: Shop, installer: Installer, home: Home, python: str) -> None:
    """No such Python: an error that names it, and nothing installed."""
    shop.publish(python_pack())
    with pytest.raises(InstallError, match=python.strip("./-")) as caught:
        installer.install(GUARD, python=python)
    assert caught.value.exit_code == 10
    assert not list(home.packs.rglob(".packreg.json"))


def test_a_failing_tool_leaves_the_place_as_it_was(
    shop: Shop, installer: Installer, index: Index, home: Home
) -> None:
    """With a broken index nothing is installed; what was installed before stays, whole."""
    shop.publish(python_pack(requirements="leafpkg\n"), lock=lock_of(LEAF))
    index.broken = True
    with pytest.raises(InstallError) as caught:
        installer.install(GUARD)
    assert str(home.logs) in str(caught.value) and Path(caught.value.log).is_file()
    assert names(home.packs / shop.location.id / "guard") == []
    index.broken = False
    done = installer.install(GUARD)
    before = tree_digest(done.path)
    index.broken = True
    assert remove_tree(home.envs)
    with pytest.raises(InstallError):
        shop.installer(home, replace(installer.tools, uv_path="/nonexistent/uv")).install(GUARD, force=True)
    assert tree_digest(done.path) == before and names(done.path.parent) == ["1.0.0"]


def test_bytes_that_differ_from_the_record_are_never_unpacked(
    shop: Shop, installer: Installer, home: Home
) -> None:
    """A bundle that was changed in the registry is refused with nothing written."""
    record = shop.publish(python_pack())
    path = Path(shop.location.path) / record.bundle_key
    path.chmod(0o644)
    path.write_bytes(encode(python_pack(evil_py="")).data)
    with pytest.raises(IntegrityError):
        installer.install(GUARD)
    assert not names(home.bundles) and not names(home.packs / shop.location.id / "guard")


# --to


def test_to_a_directory_of_ones_own(shop: Shop, installer: Installer, tmp_path: Path, home: Home) -> None:
    """The pack appears there, outside the home, and installing the next version there replaces it."""
    for version in ("1.0.0", "1.1.0"):
        shop.publish(python_pack(version))
    there = tmp_path / "policies" / "guard"
    done = installer.install(GUARD, to=there)
    assert done.path == there and (there / "venv" / "bin" / "python").is_file()
    assert not names(home.packs)
    assert not installer.install(GUARD, to=there).changed
    assert installer.install(Reference.parse("guard"), to=there).version == Version("1.1.0")
    assert json.loads((there / ".packreg.json").read_text())["version"] == "1.1.0"
    assert names(there.parent) == ["guard"]


def test_to_an_empty_directory(shop: Shop, installer: Installer, tmp_path: Path) -> None:
    """A directory that is there and empty is fine."""
    shop.publish(python_pack())
    (tmp_path / "there").mkdir()
    assert installer.install(GUARD, to=tmp_path / "there").path == tmp_path / "there"


def test_to_something_that_is_in_use_is_refused(shop: Shop, installer: Installer, tmp_path: Path) -> None:
    """A directory with anything else in it, another pack, a file or a link is left as it is."""
    shop.publish(python_pack())
    shop.publish(python_pack(), "limits")
    full, file, link = tmp_path / "full", tmp_path / "file", tmp_path / "link"
    full.mkdir()
    (full / "mine").write_text("mine")
    file.write_text("mine")
    link.symlink_to(full)
    other = installer.install(Reference.parse("limits@1.0.0"), to=tmp_path / "limits").path
    before = {path: tree_digest(path) for path in (full, other)}
    for place in (full, file, link, other):
        with pytest.raises(InstallError, match="is there already"):
            installer.install(GUARD, to=place)
    assert {path: tree_digest(path) for path in (full, other)} == before
    assert file.read_text() == "mine" and link.is_symlink()


# offline


def test_offline_from_what_this_machine_has(shop: Shop, tools: Tools, home: Home, index: Index) -> None:
    """A release installed before installs again with no registry, no network and no index."""
    shop.publish(python_pack(requirements="leafpkg\n"), lock=lock_of(LEAF))
    shop.installer(home, tools).install(GUARD)
    index.broken = True
    assert remove_tree(home.packs) and remove_tree(home.envs)
    alone = Installer(home, None, tools, packreg="0", registry_id=shop.location.id)
    for text in ("guard@1.0.0", "guard", "guard@^1"):
        done = alone.install(Reference.parse(text), offline=True)
        assert done.environment is not None
        assert run(done.environment / "bin" / "python", "import leafpkg; print(leafpkg.value)") == "1.0"


# without a lock


def test_a_release_without_a_lock_is_told_once(shop: Shop, installer: Installer) -> None:
    """The publisher's own note does not say again what the installer says; other notes stay."""
    pack = checked(python_pack(requirements="leafpkg\n"))
    notes = (f"{UNLOCKED}: each machine resolves the dependencies for itself", "another note")
    shop.registry().init()
    shop.registry().publish(
        pack, lock=None, source=Source(), publisher="tests", tool="packreg 0", notes=notes
    )
    found = installer.install(GUARD).notes
    assert [note for note in found if UNLOCKED in note] == [
        "guard@1.0.0 was published without a lock: "
        "its dependencies were resolved on this machine, and may differ on another"
    ]
    assert "another note" in found


def test_a_release_without_a_lock_is_resolved_once(
    shop: Shop, installer: Installer, home: Home, index: Index
) -> None:
    """Its dependencies are resolved on this machine, which the notes say, and remembered."""
    for version in ("1.0.0", "1.1.0"):
        shop.publish(python_pack(version, requirements="twigpkg>=1\n"))
    done = installer.install(GUARD)
    assert any("without a lock" in note for note in done.notes)
    assert done.environment is not None
    python = done.environment / "bin" / "python"
    assert run(python, "import leafpkg, twigpkg; print(leafpkg.value, twigpkg.value)") == "1.0 2.0"
    index.broken = True
    assert installer.install(Reference.parse("guard@1.1.0")).changed
    assert len(names(home.resolved)) == 1 and len(names(home.envs)) == 1


def test_a_hostile_lock_in_a_record_is_refused(shop: Shop, installer: Installer, home: Home) -> None:
    """A lock that names an index, a URL or a path is an error of the installation, before any tool runs."""
    lock = Lock("requirements", "--index-url http://evil.example/\n" + LEAF.locked, "x", ">=3.11")
    shop.publish(python_pack(requirements="leafpkg\n"), lock=lock)
    with pytest.raises(InstallError, match=r"line 1 of the lock of guard@1\.0\.0"):
        installer.install(GUARD)
    assert not names(home.packs / shop.location.id / "guard") and not names(home.logs)


def test_the_wheel_of_a_buildable_pack_is_installed(shop: Shop, installer: Installer) -> None:
    """A wheel below .packreg/wheels becomes part of the environment, its dependencies come from the lock."""
    wheel = Wheel("guardpkg", "1.0.0", ("leafpkg",))
    project = b'[build-system]\nbuild-backend = "x"\n[project]\nname = "guardpkg"\nversion = "1.0.0"\n'
    pack = python_pack() | {
        "pyproject.toml": File(project),
        f".packreg/wheels/{wheel.file_name}": File(wheel.data),
    }
    shop.publish(pack, lock=lock_of(LEAF))
    done = installer.install(GUARD)
    assert done.environment is not None
    code = "import guardpkg, leafpkg; print(guardpkg.value, leafpkg.value)"
    assert run(done.environment / "bin" / "python", code) == "1.0.0 1.0"


def test_a_uv_pack_gets_a_whole_environment(
    shop: Shop, installer: Installer, home: Home, index: Index
) -> None:
    """`toolchain: uv`: whole, at .venv, and `uv sync --inexact` finds nothing to do in it."""
    project = '[project]\nname = "p"\nversion = "1"\nrequires-python = ">=3.11"\n'
    project += 'dependencies = ["leafpkg"]\n'
    with home.scratch("test") as work:
        (work / "pyproject.toml").write_text(project)
        uv, environ = installer.tools.uv, installer.tools.environment
        subprocess.run([uv, "lock"], cwd=work, env=environ, check=True, capture_output=True)
        lock = (work / "uv.lock").read_text()
    pack = python_pack(virtualenv=None, toolchain="uv", pyproject_toml=project, uv_lock=lock)
    shop.publish(pack, lock=lock_of(LEAF))
    done = installer.install(GUARD)
    assert done.environment == done.path / ".venv"
    assert (done.path / "PulumiPolicy.yaml").read_bytes() == pack["PulumiPolicy.yaml"].data
    index.broken = True
    command = [uv, "sync", "--inexact", "--offline"]
    said = subprocess.run(command, cwd=done.path, env=environ, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    assert "Creating" not in said.stderr and "+ " not in said.stderr and "- " not in said.stderr
    assert not installer.install(GUARD).changed
    assert remove_tree(home.envs)
    assert run(done.environment / "bin" / "python", "import leafpkg; print(leafpkg.value)") == "1.0"


def test_a_home_that_cannot_be_written_is_said(shop: Shop, tmp_path: Path, index: Index) -> None:
    """A home below something that is no directory, or on a read-only file system, is an InstallError."""
    shop.publish(python_pack())
    (tmp_path / "file").write_text("")
    home = Home(tmp_path / "file" / "home")
    with pytest.raises(InstallError) as caught:
        shop.installer(home, tools_in(home, **index.environ(tmp_path))).install(GUARD)
    assert caught.value.exit_code == 10 and "not a directory" in str(caught.value).lower()
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this user cannot mount a read-only file system")
    try:
        home = Home(disk / "home")
        with pytest.raises(InstallError, match=r"(?i)read-only") as caught:
            shop.installer(home, tools_in(home, **index.environ(tmp_path))).install(GUARD)
        assert "PACKREG_HOME" in caught.value.hint
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_full_disk_leaves_nothing_half_done(shop: Shop, tmp_path: Path, index: Index) -> None:
    """When the pack itself does not fit, the error says so and there is no trace of it."""
    shop.publish(python_pack(virtualenv="venv", big_bin=os.urandom(300_000).hex()))
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this user cannot mount a small file system")
    try:
        home = Home(disk / "home")
        with pytest.raises(InstallError, match=r"(?i)no space left"):
            shop.installer(home, tools_in(home, **index.environ(tmp_path / "c"))).install(GUARD)
        assert not list(home.packs.rglob("1.0.0")) and not list(home.packs.rglob(".staging*"))
    finally:
        subprocess.run(["umount", disk], check=True)


def test_progress_tells_of_every_step(shop: Shop, home: Home, tools: Tools) -> None:
    """The progress port hears what is done, in order, with the reference it is done for."""
    shop.publish(python_pack(requirements="leafpkg\n"), lock=lock_of(LEAF))
    said: list[tuple[str, str]] = []
    shop.installer(home, tools, progress=lambda *words: said.append(words)).install(GUARD)
    assert said == [
        ("guard@1.0.0", step) for step in ("downloading", "building the environment", "writing files")
    ]
