"""Homes that somebody else made or changed: nothing in one is believed unless this user made it here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from packreg.errors import IntegrityError
from packreg.install.carried import find_carried, keep
from packreg.install.disk import remove_tree
from packreg.install.home import Home
from packreg.install.private import PrivatePlace, Unpacked
from packreg.install.tools import Tools
from packreg.install.trust import Key
from packreg.install.unpacking import unpack
from packreg.pack.reference import Reference
from tests.cli.conftest import User, user
from tests.cli.governed import GUARD, OPEN, founder, moved_in, write_state
from tests.install.conftest import LEAF, OTHER, TWIG
from tests.install.shop import Index, Shop, kept_home, lock_of, python_pack, serving, tools_in

__all__ = ["user"]
#: The same pack, but its rule denies nothing any more.
BLIND = GUARD.replace('input.acl == "public"', 'input.acl == "nothing"')
ACL = Reference.parse("acl@1.0.0")


@pytest.fixture(scope="module")
def founded(opa: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry whose default group requires guard@1.0.0."""
    person = founder(tmp_path_factory.mktemp("homes"))
    person.publish("guard", "1.0.0", files={"policy.rego": GUARD})
    person.must("enable", "--yes", "guard@1.0.0", "--quiet")
    return person.top


@pytest.fixture
def office(user: User, founded: Path) -> User:
    """Somebody with that registry and a home inside the checkout, as a CI job may have it."""
    moved_in(user, founded)
    user.extra["PACKREG_HOME"] = str(user.directory / ".packreg")
    del user.extra["XDG_STATE_HOME"]
    write_state(user.directory / "state.json", "shop", "prod", OPEN)
    return user


def enforce(office: User) -> subprocess.CompletedProcess[bytes]:
    """Decide about the state with the open bucket, as a process of its own."""
    return office.process("enforce", "shop/prod", "--state", "state.json")


def blinded(directory: Path) -> None:
    """Edit the rule of an installed pack, and leave its marker and its times as they were."""
    rule = directory / "policy.rego"
    status = rule.stat()
    rule.write_text(BLIND)
    os.utime(rule, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_a_committed_pack_with_an_edited_rule(office: User) -> None:
    """A checkout brings a home with an installed pack, its rule edited, the marker original."""
    directory = Path(office.must("path", "guard@1.0.0").out.strip())
    blinded(directory)
    shutil.rmtree(office.top / "user" / ".local" / "state")  # another machine has another key
    done = enforce(office)
    assert (done.returncode, b"denied by policy" in done.stdout) == (3, True), done
    analyzed = office.process("analyze", "guard@1.0.0", "--state", "state.json")
    assert analyzed.returncode == 3, analyzed
    again = office("path", "guard@1.0.0")
    assert again.code == 0 and "you did not install" in again.err
    assert (directory / "policy.rego").read_text() == GUARD


def test_an_edited_pack_in_a_private_home(office: User) -> None:
    """Somebody edits an installed pack under its digest: what judges is the bundle, and `path` says so."""
    directory = Path(office.must("path", "guard@1.0.0").out.strip())
    blinded(directory)
    assert enforce(office).returncode == 3
    for words in (("path", "guard@1.0.0"), ("install", "guard@1.0.0"), ("install", "guard@^1")):
        done = office(*words)
        assert done.code == 8 and "policy.rego was changed" in done.err, done
        assert "packreg install guard@1.0.0 --force" in done.err
    office.must("install", "guard@1.0.0", "--force")
    assert office.must("path", "guard@1.0.0").out.strip() == str(directory)


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        (lambda pack: (pack / "policy.rego").unlink(), "policy.rego is missing"),
        (lambda pack: (pack / "more.rego").write_text("package guard\n"), "more.rego was added"),
        (lambda pack: (pack / "lib").symlink_to(pack.parent), "lib was added"),
        (lambda pack: (pack / "policy.rego").chmod(0o755), "policy.rego was changed"),
    ],
)
def test_what_is_missing_or_added_is_noticed(office: User, attack: object, said: str) -> None:
    """A file deleted from or added to an installed pack stops `path`, with what to do; times alone do not."""
    directory = Path(office.must("path", "guard@1.0.0").out.strip())
    os.utime(directory / "policy.rego", (1, 1))
    assert office.must("path", "guard@1.0.0").out.strip() == str(directory)
    attack(directory)  # type: ignore[operator]
    done = office("path", "guard@1.0.0")
    assert done.code == 8 and said in done.err and "--force" in done.err, done
    assert not Path(done.out.strip()).exists()
    office.must("install", "guard@1.0.0", "--force")
    assert office.must("path", "guard@1.0.0").out.strip() == str(directory)


def test_a_home_brings_a_program(office: User, opa: str) -> None:
    """A committed home has a program opa with the mark of whoever committed it: nothing starts it."""
    home = Home(Path(office.extra["PACKREG_HOME"]), Key(str(office.top / "theirs")))
    ran = office.top / "ran"
    forged = office.top / "opa"
    forged.write_text(f'#!/bin/sh\ntouch {ran}\nexec {opa} "$@"\n')
    keep("opa", forged, home)
    assert find_carried("opa", home) is not None
    office.extra["PATH"] = str(office.top / "no-programs")
    done = enforce(office)
    assert (done.returncode, b"there is none" in done.stdout + done.stderr) == (4, True), done
    assert not ran.exists()


def test_a_mark_copied_from_another_pack_or_machine(office: User) -> None:
    """A marker counts for the release, the place and the key that it was made with, and nowhere else."""
    office.publish("other", "1.0.0")
    guard = Path(office.must("path", "guard@1.0.0").out.strip())
    other = Path(office.must("path", "other@1.0.0").out.strip())
    remove_tree(guard)
    shutil.copytree(other, guard, symlinks=True)
    said = json.loads((guard / ".packreg.json").read_text())
    (guard / ".packreg.json").write_text(json.dumps({**said, "name": "guard"}))
    assert office.must("path", "guard@1.0.0").out.strip() == str(guard)
    assert (guard / "policy.rego").read_text() == GUARD
    elsewhere = office.directory / "elsewhere"
    shutil.copytree(office.directory / ".packreg", elsewhere, symlinks=True)
    office.extra["PACKREG_HOME"] = str(elsewhere)
    done = office("path", "guard@1.0.0")
    assert done.code == 0 and "you did not install" in done.err


def test_a_remembered_record_that_somebody_wrote(office: User, founded: Path) -> None:
    """A record in a home says which digest a version has only if this user's command put it there."""
    office.must("install", "guard@1.0.0")
    shutil.rmtree(office.top / "user" / ".local" / "state")
    shutil.rmtree(office.directory / ".packreg" / "packs")
    done = office("install", "guard@1.0.0", "--offline")
    assert done.code == 10 and "the record of guard@1.0.0 is not on this machine" in done.err


def test_a_replaced_record_and_bundle(office: User, founded: Path) -> None:
    """Whoever replaces record and bundle together is noticed by every machine that knew the right ones."""
    office.must("install", "guard@1.0.0")
    evil = office.top / "evil"
    evil.mkdir()
    other = User(evil, evil, office.capture, office.monkeypatch)
    other.extra["PACKREG_REGISTRY"] = str(evil / "registry")
    other.must("init", "--quiet")
    other.publish("guard", "1.0.0", files={"policy.rego": BLIND})
    for part in ("packs", "bundles"):
        shutil.rmtree(office.top / "registry" / part / "guard")
        shutil.copytree(evil / "registry" / part / "guard", office.top / "registry" / part / "guard")
    done = enforce(office)
    assert done.returncode == 4 and b"is not the one that this machine knows" in done.stdout, done
    for words in (("install", "guard@1.0.0", "--force"), ("install", "guard"), ("info", "guard@1.0.0")):
        refused = office(*words)
        assert refused.code == 8 and "is not the one that this machine knows" in refused.err, refused


def test_a_home_that_cannot_be_written(office: User) -> None:
    """Nobody has to write to the home to be judged: packs are unpacked in a place of the run, and gone."""
    office.extra["PACKREG_HOME"] = "/proc/self/nothing/home"  # not even root can make a directory there
    done = enforce(office)
    assert done.returncode == 3, done
    assert not list((office.top / "user/.local/state/packreg/runs").iterdir())


def test_a_piece_of_the_home_that_is_a_link(office: User) -> None:
    """A committed link in place of a part of the home leads no write and no removal out of it."""
    precious = office.top / "precious"
    (precious / "1.0.0").mkdir(parents=True)
    (precious / "1.0.0" / "data").write_text("mine")
    (precious / ".hidden").write_text("mine")
    identity = Path(office.must("path", "guard@1.0.0").out.strip()).parents[1].name
    shutil.rmtree(office.directory / ".packreg")
    for link in (f"packs/{identity}/guard", "packs", f"packs/{identity}", "bundles", "remembered"):
        place = office.directory / ".packreg" / link
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(precious)
        done = office("install", "guard@1.0.0", "--force")
        assert done.code == 10 and "is a symbolic link" in done.err, (link, done)
        office("cache", "prune")
        office("cache", "clean", "--yes")
        assert sorted(path.name for path in precious.iterdir()) == [".hidden", "1.0.0"]
        assert (precious / "1.0.0" / "data").read_text() == "mine"
        remove_tree(office.directory / ".packreg")


# Environments


@pytest.fixture
def index() -> Iterator[Index]:
    """An index with three small packages."""
    with serving(LEAF, TWIG, OTHER) as index:
        yield index


class Runner:
    """Somebody who runs the Python pack acl@1.0.0, whose environment holds leafpkg."""

    def __init__(self, top: Path, index: Index) -> None:
        self.top, self.shop = top, Shop(top / "registry")
        self.home = kept_home(top / "home")
        self.tools = tools_in(self.home, **index.environ(top / "cache"))
        self.shop.publish(python_pack(requirements="leafpkg\n"), "acl", lock_of(LEAF))
        self.place = PrivatePlace(str(top / "state"))

    def run(self, code: str = "import leafpkg; print(leafpkg.value)", *, compiling: bool = False) -> str:
        """What a program prints that is run as the pack would be; `compiling`, it leaves compiled modules."""
        self.place.close()
        self.place = PrivatePlace(str(self.top / "state"))
        pack = self.unpack()
        python = pack.path / "venv" / "bin" / "python"
        environ = {} if compiling else {"PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [python, "-c", code], cwd=pack.path, env=environ, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def unpack(self) -> Unpacked:
        """The pack, ready to be run."""
        return unpack(self.shop.installer(self.home, self.tools), ACL, self.place)

    @property
    def entry(self) -> Path:
        """The pack's environment in the store."""
        [entry] = self.home.envs.iterdir()
        return entry

    @property
    def packages(self) -> Path:
        """Its site-packages."""
        [found] = self.entry.glob("env/lib/python3*/site-packages")
        return found


@pytest.fixture
def runner(tmp_path: Path, index: Index) -> Iterator[Runner]:
    """Somebody whose environment is built."""
    runner = Runner(tmp_path, index)
    assert runner.run() == "1.0"
    yield runner
    runner.place.close()


def edit(packages: Path) -> None:
    """Another value, as long as the old one, with the times as they were."""
    module = packages / "leafpkg" / "__init__.py"
    status = module.stat()
    module.write_text(module.read_text().replace("1.0", "6.6"))
    os.utime(module, ns=(status.st_atime_ns, status.st_mtime_ns))


def compiled(packages: Path) -> None:
    """A compiled module that says otherwise than its source, whose time and size it names."""
    module = packages / "leafpkg" / "__init__.py"
    source, status = module.read_text(), module.stat()
    module.write_text(source.replace("1.0", "6.6"))
    os.utime(module, ns=(status.st_atime_ns, status.st_mtime_ns))
    code = "import py_compile, sys; py_compile.compile(sys.argv[1], doraise=True)"
    subprocess.run([packages.parents[2] / "bin/python", "-c", code, str(module)], check=True)
    module.write_text(source)
    os.utime(module, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert list(packages.glob("leafpkg/__pycache__/*.pyc"))


EVIL = "import leafpkg; leafpkg.value = '6.6'\n"


@pytest.mark.parametrize(
    "attack",
    [
        edit,
        compiled,
        lambda packages: (packages / "evil.pth").write_text(EVIL),
        lambda packages: (packages / "sitecustomize.py").write_text(EVIL),
        lambda packages: (packages / "usercustomize.py").write_text(EVIL),
        lambda packages: (packages / "leafpkg.py").write_text("value = '6.6'\n"),
        lambda packages: (packages / "leafpkg" / "__init__.py").unlink(),
        lambda packages: (packages.parents[2] / "pyvenv.cfg").write_text("home = /tmp\n"),
        lambda packages: (packages.parents[2] / "bin" / "python").unlink(),
    ],
)
def test_an_environment_that_was_changed(runner: Runner, attack: object) -> None:
    """Whatever is edited in, added to or taken from a shared environment, it is not what a pack runs with."""
    attack(runner.packages)  # type: ignore[operator]
    code = "import leafpkg, sys; print(leafpkg.value, 'evil' in sys.modules, 'sitecustomize' in sys.modules)"
    assert runner.run(code).startswith("1.0 False")
    assert runner.run() == "1.0"


def test_an_environment_of_another_machine(runner: Runner) -> None:
    """A store that came with a cache or a checkout is made anew, whole as it looks, until it is one's own."""
    edit(runner.packages)
    runner.home = Home(runner.home.root, Key(str(runner.top / "other-state")))
    runner.tools = Tools(runner.home, runner.tools.environ)
    before = runner.entry.stat().st_ino
    assert runner.run() == "1.0"
    made = runner.entry.stat().st_ino
    assert made != before
    assert runner.run() == "1.0" and runner.entry.stat().st_ino == made


def test_what_else_of_a_home_becomes_code(runner: Runner) -> None:
    """Empty environments, compiled modules and what an interpreter said of itself need the mark as well."""
    [skeleton] = runner.home.skeletons.iterdir()
    [packages] = skeleton.glob("env/lib/python3*/site-packages")
    (packages / "evil.pth").write_text(EVIL)
    assert (
        runner.run("import sys, pathlib; print([p.name for p in pathlib.Path(sys.prefix).rglob('evil*')])")
        == "[]"
    )
    kept = runner.home.interpreters / f"{'0' * 64}.json"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text(json.dumps({"path": "/tmp/evil"}))
    assert runner.home.recall(kept) is None


def test_a_restored_cache_is_used_as_it_is(runner: Runner) -> None:
    """The same contents with other times and inodes are compared once, by their bytes, and not made anew."""
    entry = runner.entry
    copy = entry.with_name("copy")
    shutil.copytree(entry, copy, symlinks=True, copy_function=shutil.copyfile)
    for path in copy.rglob("bin/*"):
        if not path.is_symlink():
            path.chmod(0o755)
    listed = (entry / ".complete").read_bytes()
    remove_tree(entry)
    copy.rename(entry)
    before = entry.stat().st_ino
    assert runner.run() == "1.0" and entry.stat().st_ino == before
    renewed = (entry / ".complete").read_bytes()
    assert renewed != listed
    assert runner.run() == "1.0" and (entry / ".complete").read_bytes() == renewed


def test_what_a_run_compiled_is_compiled_again_and_kept(runner: Runner) -> None:
    """Compiled modules that a run left say which are wanted, not what is in them; made once, they stay."""
    assert runner.run(compiling=True) == "1.0"
    entry = runner.entry.stat().st_ino
    [module] = runner.packages.glob("leafpkg/__pycache__/*.pyc")
    assert runner.run() == "1.0"
    made = module.stat().st_ino
    assert runner.run() == "1.0" and module.stat().st_ino == made
    assert runner.entry.stat().st_ino == entry


def test_in_the_packs_directory_nothing_counts(runner: Runner) -> None:
    """Modules and start-up files beside an installed pack's program are not there when it runs."""
    done = runner.shop.installer(runner.home, runner.tools).install(ACL)
    (done.path / "leafpkg.py").write_text("value = '6.6'\n")
    (done.path / "sitecustomize.py").write_text(EVIL)
    (done.path / "venv" / "evil.pth").write_text(EVIL)
    assert runner.run() == "1.0"
    with pytest.raises(IntegrityError, match="was added"):
        runner.shop.installer(runner.home, runner.tools).install(ACL)


def test_python_may_compile_in_the_packs_directory(runner: Runner) -> None:
    """What the Pulumi CLI's Python left there is removed, since it may say anything, and is no difference."""
    done = runner.shop.installer(runner.home, runner.tools).install(ACL)
    python = done.path / "venv" / "bin" / "python"
    subprocess.run(
        [python, "-c", "import py_compile; py_compile.compile('__main__.py')"], cwd=done.path, check=True
    )
    assert list((done.path / "__pycache__").iterdir())
    again = runner.shop.installer(runner.home, runner.tools).install(ACL)
    assert not again.changed and not list((done.path / "__pycache__").iterdir())


def test_an_image_with_a_home(tmp_path: Path, index: Index) -> None:
    """A home that this user filled and that cannot be written now is used as it is, at no further cost."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("this user cannot mount a file system")
    try:
        runner = Runner(disk, index)
        runner.place = PrivatePlace(str(tmp_path / "state"))
        runner.run()
        runner.shop.installer(runner.home, runner.tools).install(ACL)
        runner.run()
        runner.place.close()
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        runner.place = PrivatePlace(str(tmp_path / "state"))
        pack = runner.unpack()
        assert (
            pack.notes == ()
            and str(runner.packages) in next(pack.path.glob("venv/lib/*/*/*.pth")).read_text()
        )
        assert not runner.shop.installer(runner.home, runner.tools).install(ACL).changed
        runner.place.close()
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_read_only_home_of_somebody_else(runner: Runner, index: Index) -> None:
    """Where nothing can be written, what has to be made is made in a private place, and the cost is said."""
    runner.place.close()
    nowhere = Path("/proc/self/nothing") / "home"
    runner.home = Home(nowhere, Key(str(runner.top / "state")))
    runner.tools = Tools(runner.home, runner.tools.environ)
    assert runner.run() == "1.0"
    pack = runner.unpack()
    [note] = [note for note in pack.notes if "cannot be written" in note]
    assert " s and happens again in each run" in note
    inside = runner.place.path
    runner.place.close()
    assert not inside.exists()
