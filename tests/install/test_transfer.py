"""Archives: all that an install without a network needs, and nothing that was not verified."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from packreg.errors import InstallError, IntegrityError, PackregError
from packreg.install.home import Home
from packreg.install.installer import Installer
from packreg.install.remembered import DiskMemory
from packreg.install.tools import Tools
from packreg.install.transfer import INDEX, export_cache, import_cache
from packreg.pack.files import File
from packreg.pack.reference import Reference
from packreg.registry.layout import record_key
from tests.install.conftest import LEAF, OTHER, TWIG
from tests.install.shop import Index, Shop, lock_of, python_pack, serving, tools_in
from tests.install.test_environment import run
from tests.install.test_installer import GUARD, names
from tests.install.test_lock_dependencies import NPM_LOCK, node_pack


class Exported(NamedTuple):
    """An archive, and the registry that its packs are from."""

    shop: Shop
    archive: Path


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """An archive with a pack that has a lock and one that has none."""
    root = tmp_path_factory.mktemp("exported")
    shop, home, target = Shop(root / "registry"), Home(root / "home"), root / "packs.tar"
    with serving(LEAF, TWIG, OTHER) as index:
        tools = tools_in(home, **index.environ(root / "cache"))
        shop.publish(python_pack(requirements="twigpkg\n"), lock=lock_of(LEAF, TWIG))
        shop.publish(python_pack(requirements="otherpkg\n"), "limits")
        references = [GUARD, Reference.parse("limits")]
        records = export_cache(shop.installer(home, tools), references, target).records
    assert [record.reference for record in records] == ["guard@1.0.0", "limits@1.0.0"]
    return Exported(shop, target)


@pytest.fixture
def archive(exported: Exported) -> Path:
    """The archive alone."""
    return exported.archive


def cut_off(tmp_path: Path, name: str = "there") -> Tools:
    """The tools of a machine with an empty home, empty caches and no network."""
    home = Home(tmp_path / name / "home")
    nowhere = "http://127.0.0.1:9/simple/"
    return tools_in(
        home,
        UV_OFFLINE="1",
        UV_DEFAULT_INDEX=nowhere,
        PIP_INDEX_URL=nowhere,
        PIP_FIND_LINKS="",
        UV_CACHE_DIR=str(tmp_path / name / "uv"),
        PIP_CACHE_DIR=str(tmp_path / name / "pip"),
        npm_config_cache=str(tmp_path / name / "npm"),
        npm_config_registry=nowhere,
    )


@pytest.mark.parametrize("with_uv", [True, False], ids=["uv", "pip"])
def test_an_archive_is_all_that_is_needed(exported: Exported, tmp_path: Path, with_uv: bool) -> None:
    """On an empty home, with no registry, no network and no index, the packs install and run."""
    shop, archive = exported
    tools = cut_off(tmp_path)
    tools = tools if with_uv else Tools(tools.home, tools.environ, uv_path="")
    records = import_cache(archive, tools.home).records
    assert [record.reference for record in records] == ["guard@1.0.0", "limits@1.0.0"]
    installer = Installer(tools.home, None, tools, packreg="0", registry_id=shop.location.id)
    guard = installer.install(GUARD, offline=True)
    assert guard.environment is not None
    python = guard.environment / "bin" / "python"
    assert run(python, "import leafpkg, twigpkg; print(leafpkg.value, twigpkg.value)") == "1.0 2.0"
    if with_uv:  # a lock that uv made is not taken for one of pip's
        limits = installer.install(Reference.parse("limits@1.0.0"), offline=True)
        assert limits.environment is not None
        assert run(limits.environment / "bin" / "python", "import otherpkg; print(otherpkg.value)") == "3.0"


def test_importing_twice_is_fine(archive: Path, tmp_path: Path) -> None:
    """What is there already stays."""
    home = Home(tmp_path / "there")
    assert len(import_cache(archive, home).records) == len(import_cache(archive, home).records) == 2
    assert not names(home.root / "tmp")


Change = Callable[[dict[str, bytes]], object]


def rewrite(archive: Path, place: Path, change: Change, *, index: bool = True) -> Path:
    """A copy of the archive with its members changed, and its index made to fit again if wanted."""
    import hashlib

    with tarfile.open(archive) as tar:
        members = {info.name: tar.extractfile(info).read() for info in tar}  # type: ignore[union-attr]
    change(members)
    if index:
        said = json.loads(members[INDEX])
        said["members"] = {
            name: hashlib.sha256(data).hexdigest() for name, data in members.items() if name != INDEX
        }
        members[INDEX] = json.dumps(said).encode()
    changed = place / "changed.tar"
    with tarfile.open(changed, "w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return changed


def first(members: dict[str, bytes], start: str) -> str:
    """The first member whose name starts so."""
    return next(name for name in members if name.startswith(start))


def damage(start: str) -> Change:
    """Another byte at the end of a member."""

    def change(members: dict[str, bytes]) -> None:
        members[first(members, start)] += b"x"

    return change


def lose(start: str) -> Change:
    """Without a member."""
    return lambda members: members.pop(first(members, start))


def smuggle(name: str) -> Change:
    """A member of this name."""
    return lambda members: members.update({name: b"x"})


@pytest.mark.parametrize(
    "change",
    [
        damage("bundles/"),
        damage("wheels/"),
        damage("remembered/"),
        smuggle("../evil"),
        smuggle("/evil"),
        smuggle("bundles/../../evil"),
        smuggle("packs/evil"),
        smuggle("envs/evil"),
        smuggle("wheels/" + "a" * 64 + "/../../evil.whl"),
        smuggle("wheels/" + "a" * 64 + "/evil.whl"),
        smuggle("bundles/" + "a" * 64 + ".tgz"),
        smuggle("npm/" + "a" * 64 + "/../../evil"),
        smuggle("npm/" + "a" * 64 + "/.npmrc"),
        smuggle("remembered/0123456789ab/packs/guard/v/../../evil"),
        smuggle("remembered/0123456789ab/packs/guard/v/1.0.0"),
    ],
)
def test_a_forged_archive_is_refused_whole(archive: Path, tmp_path: Path, change: Change) -> None:
    """Even with an index that fits, members must be what their names say; nothing of the archive is kept."""
    home = Home(tmp_path / "there")
    with pytest.raises(PackregError):
        import_cache(rewrite(archive, tmp_path, change), home)
    assert not [path for path in home.root.rglob("*") if path.is_file()]
    assert not (tmp_path / "evil").exists()


def test_a_damaged_archive_is_refused(archive: Path, tmp_path: Path) -> None:
    """Other bytes than in the index, a missing member, a cut and no archive at all are one clear error."""
    home = Home(tmp_path / "there")
    data = archive.read_bytes()
    member = data.index(b"wheels/", len(data) // 2) // 512 * 512
    broken = {
        "flipped": rewrite(archive, tmp_path, damage("wheels/"), index=False).read_bytes(),
        "missing": rewrite(archive, tmp_path, lose("wheels/"), index=False).read_bytes(),
        "cut": data[: len(data) // 2],
        "cut-at-a-member": data[:member],
        "empty": b"",
        "text": b"hello\n" * 1000,
    }
    for name, content in broken.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(IntegrityError, match="is not a whole archive"):
            import_cache(path, home)
    with pytest.raises(InstallError, match="cannot read"):
        import_cache(tmp_path / "absent", home)
    assert not [path for path in home.root.rglob("*") if path.is_file()]


def test_special_members_are_refused(archive: Path, tmp_path: Path) -> None:
    """Links, devices and directories have no place in an archive."""
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE):
        changed = tmp_path / "special.tar"
        shutil.copy(archive, changed)
        with tarfile.open(changed, "a") as tar:
            info = tarfile.TarInfo("bundles/" + "a" * 64 + ".tgz")
            info.type = kind
            info.linkname = "/etc/passwd"
            tar.addfile(info)
        with pytest.raises(IntegrityError):
            import_cache(changed, Home(tmp_path / "there"))


def test_a_version_that_is_known_otherwise_is_refused(exported: Exported, tmp_path: Path, shop: Shop) -> None:
    """An archive cannot give a version that this machine knows another digest."""
    record = shop.publish(python_pack(requirements="twigpkg\n", evil_py=""), lock=lock_of(LEAF, TWIG))
    home, archive = Home(tmp_path / "there"), exported.archive
    memory = DiskMemory(home, exported.shop.location.id)
    memory.put(record_key("guard", record.version), record.encode())
    with pytest.raises(IntegrityError, match="knows it as"):
        import_cache(archive, home)


def test_nothing_is_written_when_something_cannot_be_had(
    shop: Shop, home: Home, tools: Tools, tmp_path: Path, index: Index
) -> None:
    """An export that fails leaves no file."""
    shop.publish(python_pack(requirements="leafpkg\n"), lock=lock_of(LEAF))
    index.broken = True
    with pytest.raises(InstallError):
        export_cache(shop.installer(home, tools), [GUARD], tmp_path / "packs.tar")
    assert not list(tmp_path.glob("*packs.tar*"))


@pytest.mark.skipif(shutil.which("npm") is None, reason="there is no npm here")
def test_node_packs_travel_with_their_packages(shop: Shop, home: Home, tmp_path: Path) -> None:
    """A Node.js pack installs on a machine whose npm has an empty cache and no network."""
    files = node_pack(**{"package-lock.json": json.dumps(NPM_LOCK)})
    package = json.loads(files["package.json"].data) | {"dependencies": {"is-number": "6.0.0"}}
    from tests.install.test_nodejs import IS_NUMBER

    root = {"name": "n", "version": "1.0.0", "dependencies": {"is-number": "6.0.0"}}
    lock = {**NPM_LOCK, "packages": {"": root, "node_modules/is-number": IS_NUMBER}}
    files |= {
        "package.json": File(json.dumps(package).encode()),
        "package-lock.json": File(json.dumps(lock).encode()),
    }
    shop.publish(files, "n")
    target = tmp_path / "n.tar"
    export_cache(shop.installer(home, tools_in(home)), [Reference.parse("n")], target)
    tools = cut_off(tmp_path)
    import_cache(target, tools.home)
    installer = Installer(tools.home, None, tools, packreg="0", registry_id=shop.location.id)
    done = installer.install(Reference.parse("n"), offline=True)
    code = "console.log(require('is-number')(5))"
    said = subprocess.run(["node", "-e", code], cwd=done.path, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "true"
    bare = cut_off(tmp_path, "bare")
    with pytest.raises(InstallError, match="offline"):
        Installer(bare.home, None, bare, packreg="0", registry_id=shop.location.id).install(
            Reference.parse("n"), offline=True
        )
    assert os.listdir(tools.home.npm)
