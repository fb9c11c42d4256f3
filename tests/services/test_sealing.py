"""Sealed releases: installed from the registry alone, whatever became of the index."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from packreg.errors import InstallError, IntegrityError, NotFound, PackregError, Removed, UsageError
from packreg.install.environment import Needs
from packreg.install.installer import Installed, Job
from packreg.install.targets import Target, platform_here
from packreg.install.transfer import export_cache, import_cache
from packreg.pack.files import File
from packreg.pack.reference import Reference
from packreg.registry.layout import record_key, seal_key
from packreg.registry.seals import Sealed
from packreg.registry.verification import UNDECIDED
from packreg.services.catalog import kept_in_words, kept_json
from packreg.services.publish import Publication, publish_directory
from packreg.services.sealing import seal_release, seal_targets
from packreg.services.workspace import Workspace
from packreg.store.bucket import Bucket
from tests.cli.conftest import write_pack
from tests.install.conftest import LEAF, OTHER, TWIG
from tests.install.shop import Index, Shop, serving
from tests.install.test_environment import run
from tests.install.test_nodejs import IS_NUMBER
from tests.registry.buckets import Tapped, once
from tests.services.conftest import open_workspace, told

GUARD = Reference.parse("guard@1.0.0")
NOWHERE = {
    "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple/",
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple/",
    "PIP_FIND_LINKS": "",
    "npm_config_registry": "http://127.0.0.1:9/",
}
needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="there is no npm here")


@pytest.fixture
def index() -> Iterator[Index]:
    """An index with three small packages."""
    with serving(LEAF, TWIG, OTHER) as index:
        yield index


@pytest.fixture
def workspace(tmp_path: Path, index: Index) -> Workspace:
    """Ada's, with an empty registry, and an index."""
    found = open_workspace(tmp_path, **index.environ(tmp_path / "cache"))
    found.registry().init()
    return found


def cut_off(workspace: Workspace, name: str = "there") -> Workspace:
    """Another user of the registry, with an empty home and caches, and an index that nobody can reach."""
    top = Path(workspace.cwd)
    (top / name).mkdir(exist_ok=True)
    caches = {f"{tool}_CACHE_DIR": str(top / name / tool) for tool in ("UV", "PIP")}
    return open_workspace(
        top / name,
        PACKREG_REGISTRY=str(top / "registry"),
        npm_config_cache=str(top / name / "npm"),
        **caches,
        **NOWHERE,
    )


def write(workspace: Workspace, requirements: str = "twigpkg\n", name: str = "guard") -> Path:
    """A Python pack with dependencies."""
    directory = Path(workspace.cwd) / name
    directory.mkdir(exist_ok=True)
    (directory / "PulumiPolicy.yaml").write_text(
        "runtime:\n  name: python\n  options:\n    virtualenv: venv\nversion: 1.0.0\n"
    )
    (directory / "__main__.py").write_text(
        f'from pulumi_policy import PolicyPack\nPolicyPack("{name}", [])\n'
    )
    (directory / "requirements.txt").write_text(requirements)
    return directory


def publish_node(workspace: Workspace) -> None:
    """Publish a Node.js pack with one small dependency and a lock of its own, which says no address."""
    depends = {"name": "guard", "version": "1.0.0", "dependencies": {"is-number": "6.0.0"}}
    number = {key: value for key, value in IS_NUMBER.items() if key != "resolved"}
    packages = {"": depends, "node_modules/is-number": number}
    lock = {"name": "guard", "version": "1.0.0", "lockfileVersion": 3, "packages": packages}
    files = {"package.json": depends, "package-lock.json": lock}
    pack = {path: File(json.dumps(content).encode()) for path, content in files.items()}
    pack |= {"PulumiPolicy.yaml": File(b"runtime: nodejs\n"), "index.js": File(b"\n")}
    Shop(Path(workspace.cwd, "registry")).publish(pack)


def publish(workspace: Workspace, directory: Path | None = None, **more: bool | None) -> Publication:
    """Publish a pack without running it: sealed, if nothing else is said."""
    options = {"seal": True, **more}
    return publish_directory(
        workspace,
        directory or write(workspace),
        publisher="Ada",
        run=False,
        name=(directory or Path("guard")).name,
        **options,  # type: ignore[arg-type]
    )


def install(workspace: Workspace, reference: Reference = GUARD, **options: bool) -> Installed:
    """Install a release."""
    return workspace.installer().install(reference, **options)


def values(installed: Installed) -> str:
    """What the packages of the environment say."""
    assert installed.environment is not None
    python = installed.environment / "bin" / "python"
    return run(python, "import leafpkg, twigpkg; print(leafpkg.value, twigpkg.value)")


def sealed(workspace: Workspace) -> Sealed:
    """What the registry keeps for the release."""
    found = workspace.registry().resolve(GUARD)
    return workspace.registry().seals.kept(found.record, found.seals)


def damage(workspace: Workspace, key: str, data: bytes) -> None:
    """Do to the registry what packreg never does."""
    bucket = workspace.store.bucket
    bucket.delete(key)
    bucket.put_new(key, data)


def codes(workspace: Workspace) -> list[str]:
    """What `verify` finds wrong."""
    return [finding.code for finding in workspace.registry().verify() if finding.level == "error"]


@pytest.mark.parametrize("with_uv", [True, False], ids=["uv", "pip"])
def test_a_sealed_pack_installs_without_an_index(workspace: Workspace, with_uv: bool, index: Index) -> None:
    """Also after everything is gone from the index; with uv and with pip."""
    publication = publish(workspace)
    assert told(workspace).said == [
        f"sealing guard@1.0.0 keeps 2 files, 1.9 kB; 2 of them, 1.9 kB, are new in {workspace.place}"
    ]
    record = publication.published.record
    assert {each.name for each in record.artifacts} == {LEAF.file_name, TWIG.file_name}
    assert record.sealed_for == tuple(map(str, seal_targets(workspace, Needs("x"))))
    index.broken = True
    there = cut_off(workspace)
    if not with_uv:
        there.tools = there.tools.__class__(there.home, there.environ, uv_path="")  # type: ignore[misc]
    assert values(install(there)) == "1.0 2.0"
    assert codes(there) == []
    assert values(install(there, force=True, offline=True)) == "1.0 2.0", "what was fetched is here"


def test_what_an_install_of_a_sealed_pack_asks(workspace: Workspace) -> None:
    """The record and one listing, then each file once, and each later seal; nothing of it if it is here."""
    publish(workspace, seal=False)
    there = cut_off(workspace)
    with pytest.raises(InstallError):
        install(there)
    unsealed = there.store.requests
    seal_release(workspace, GUARD)
    there = cut_off(workspace, "again")
    install(there)
    assert there.store.requests == unsealed + 3, "the seal, and two wheels"
    asked = there.store.requests
    assert not install(there).changed and there.store.requests == asked


def test_a_release_is_sealed_later(workspace: Workspace, index: Index) -> None:
    """What can be had still is kept beside the record, which stays; the same again asks no index."""
    publish(workspace, seal=False)
    bucket = workspace.store.bucket
    before = bucket.get(record_key("guard", sealed_version()), limit=10**6)
    done = seal_release(workspace, GUARD)
    assert done.changed and not done.missing and len(done.added) == 2
    assert done.sealed == sealed(workspace)
    assert bucket.get(record_key("guard", sealed_version()), limit=10**6) == before
    assert values(install(cut_off(workspace))) == "1.0 2.0"
    index.broken = True
    keys = [entry.key for entry in workspace.store.list_all("")]
    again = seal_release(workspace, GUARD)
    assert (again.changed, again.added, again.missing) == (False, (), ())
    assert [entry.key for entry in workspace.store.list_all("")] == keys
    assert publish(workspace).published.already


def sealed_version() -> object:
    """The version of the release."""
    return GUARD.wanted


def test_what_cannot_be_had_any_more_is_said_and_the_rest_is_kept(workspace: Workspace, index: Index) -> None:
    """It is not sealed for any platform then; when the index has it again, only that is added."""
    publish(workspace, seal=False)
    pages, index.pages = (
        index.pages,
        {name: found for name, found in index.pages.items() if name == "leafpkg"},
    )
    Path(workspace.cwd, "cache").rename(Path(workspace.cwd, "old"))
    done = seal_release(workspace, GUARD)
    assert [each.package for each in done.missing] == ["twigpkg==2.0"]
    assert [each.name for each in done.added] == [LEAF.file_name] and done.sealed.targets == ()
    assert kept_in_words(done.sealed).startswith("in part: 1 files")
    again = seal_release(workspace, GUARD)
    assert again.missing and not again.changed
    index.pages = pages
    healed = seal_release(workspace, GUARD)
    assert [each.name for each in healed.added] == [TWIG.file_name] and not healed.missing
    assert values(install(cut_off(workspace))) == "1.0 2.0"
    with pytest.raises(InstallError, match=r"cannot be sealed:\ngonepkg|could not resolve"):
        publish(workspace, write(workspace, "gonepkg\n", "other"))


def test_a_platform_that_the_dependencies_do_not_have_stops_a_sealed_publish(
    workspace: Workspace, index: Index, tmp_path: Path
) -> None:
    """With the packages and the platforms, and without writing anything; `seal` keeps what there is."""
    only_here = LEAF.file_name.replace(
        "py3-none-any", f"py3-none-{Target(platform_here(), '3.11').wheel_platforms[0]}"
    )
    index.files[only_here] = index.files.pop(LEAF.file_name)
    index.pages["leafpkg"][0].file_name = only_here
    try:
        there = with_settings(
            tmp_path, index, seal_platforms=f"{platform_here()}, windows-x86_64", seal_pythons="3.11,3.12"
        )
        with pytest.raises(InstallError) as caught:
            publish(there, write(there, "leafpkg\n"))
        assert "leafpkg==1.0 cannot be had for windows-x86_64 python 3.11, windows" in str(caught.value)
        assert "--no-seal" in caught.value.hint
        assert there.registry().packs() == [] and not list(there.store.list_all("artifacts/"))
        publish(there, write(there, "leafpkg\n"), seal=False)
        done = seal_release(there, GUARD)
        assert {each.target for each in done.missing} == {f"windows-x86_64 python 3.{n}" for n in (11, 12)}
        assert done.sealed.targets == tuple(f"{platform_here()} python 3.{n}" for n in (11, 12))
    finally:
        LEAF.file_name = "leafpkg-1.0-py3-none-any.whl"


def with_settings(top: Path, index: Index, **settings: object) -> Workspace:
    """A workspace with settings below [publish]."""
    found = Workspace(
        {"HOME": str(top), "PATH": open_workspace(top).environ["PATH"], **index.environ(top / "cache")},
        settings={"registry": str(top / "registry"), "publish": settings},
        cwd=str(top),
        notify=open_workspace(top).notify,
    )
    found.registry().init()
    return found


def test_the_settings_say_for_what(tmp_path: Path, index: Index) -> None:
    """Sealed by the operator's word alone; what is no platform, no Python or no size is refused."""
    there = with_settings(tmp_path, index, seal=True, seal_platforms="macos-arm64")
    done = publish(there, seal=None)
    assert done.published.record.sealed_for[0].startswith("macos-arm64 python 3.")
    for wrong in ({"seal_platforms": "beos-ppc"}, {"seal_pythons": "2.7"}, {"seal_limit": "2 GB"}):
        with pytest.raises(UsageError):
            seal_targets(with_settings(tmp_path, index, **wrong), Needs("x"))


def test_a_pack_is_sealed_for_the_pythons_that_it_runs_on(tmp_path: Path, index: Index) -> None:
    """Of those that the settings name."""
    there = with_settings(tmp_path, index, seal_platforms="macos-arm64", seal_pythons="3.11, 3.12, 3.13")
    targets = seal_targets(there, Needs("x", requires=">=3.12.1"))
    assert targets == (Target("macos-arm64", "3.12"), Target("macos-arm64", "3.13"))


def test_too_much_is_refused_before_anything_is_stored(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the sum, the limit, and what to do."""
    monkeypatch.setattr("packreg.services.sealing.memory_bytes", lambda text: 100)
    with pytest.raises(InstallError, match=r"its dependencies are 2 files, .* more than 100 B") as caught:
        publish(workspace)
    assert "publish.seal_limit" in caught.value.hint and "--no-seal" in caught.value.hint
    assert workspace.registry().packs() == [] and not list(workspace.store.list_all("artifacts/"))
    publish(workspace, seal=False)
    with pytest.raises(InstallError, match="more than 100 B"):
        seal_release(workspace, GUARD)


def test_a_dry_run_says_the_sum_and_writes_nothing(workspace: Workspace) -> None:
    """The keys of the files are among what would be written."""
    done = publish(workspace, dry_run=True)
    assert len([key for key in done.objects if key.startswith("artifacts/")]) == 2
    assert "sealing guard@1.0.0" in told(workspace).said[-1]
    assert not list(workspace.store.list_all("artifacts/"))


def test_packs_share_their_files(workspace: Workspace) -> None:
    """Each is kept once, and goes when the last release that needs it is removed."""
    publish(workspace)
    publish(workspace, write(workspace, "leafpkg\n", "other"))
    assert "0 of them, 0 B, are new" in told(workspace).said[-1]
    assert len(list(workspace.store.list_all("artifacts/"))) == 2
    registry = workspace.registry()
    registry.remove("guard", registry.resolve(GUARD).record.version, "why", "Ada")
    later = max(entry.modified for entry in workspace.store.list_all("artifacts/")) + UNDECIDED + 1
    gone = [piece.key for piece in registry.collect(registry.gc(later)) if piece.key.startswith("artifacts/")]
    assert gone == [f"artifacts/{TWIG.sha256}"]
    with pytest.raises(Removed):
        seal_release(workspace, GUARD)


def killed() -> None:
    """The end of a process."""
    raise KeyboardInterrupt


@pytest.mark.parametrize("after", ["artifacts", "record", "seal"])
def test_a_publisher_or_sealer_that_is_killed_leaves_nothing_half(workspace: Workspace, after: str) -> None:
    """No reader sees anything of it, what it stored can be collected, and the same again is whole."""
    key = seal_key("guard", sealed_version(), 1) if after == "seal" else record_key("guard", sealed_version())  # type: ignore[arg-type]
    if after == "seal":
        publish(workspace, seal=False)
    if after == "artifacts":
        key = f"artifacts/{TWIG.sha256}"
    store = workspace.store
    bucket: Bucket = store.bucket
    store.bucket = Tapped(bucket, before=once("put_new", key, killed))
    with pytest.raises(KeyboardInterrupt):
        seal_release(workspace, GUARD) if after == "seal" else publish(workspace)
    store.bucket = bucket
    assert codes(workspace) == []
    if after == "seal":
        assert sealed(workspace) == Sealed()
    else:
        with pytest.raises(NotFound):
            install(cut_off(workspace, "before"))
    later = max(entry.modified for entry in store.list_all("")) + UNDECIDED + 1
    assert [piece for piece in workspace.registry().gc(later) if piece.key.startswith("artifacts/")]
    seal_release(workspace, GUARD) if after == "seal" else publish(workspace)
    assert workspace.registry().gc(later) == []
    assert values(install(cut_off(workspace))) == "1.0 2.0"


def test_a_tampered_file_is_found_and_never_installed(workspace: Workspace) -> None:
    """Exit code 8, with what is wrong; neither the index nor anything else is used instead."""
    publish(workspace)
    key = f"artifacts/{LEAF.sha256}"
    damage(workspace, key, LEAF.data[:-1] + b"!")
    assert codes(workspace) == ["bad-artifact"]
    there = cut_off(workspace)
    with pytest.raises(IntegrityError, match=r"leafpkg-1\.0.*damaged") as caught:
        install(there)
    assert caught.value.exit_code == 8
    assert not list(there.home.packs.glob("*/guard/1*"))
    damage(workspace, key, LEAF.data + b"longer")
    with pytest.raises(IntegrityError):
        install(there)


def test_a_file_that_the_registry_lost_can_be_stored_again(workspace: Workspace) -> None:
    """`verify` says so, an install names it, and `seal` heals it without a new seal."""
    publish(workspace)
    workspace.store.bucket.delete(f"artifacts/{LEAF.sha256}")
    assert codes(workspace) == ["bad-artifact"]
    with pytest.raises(NotFound, match=r"leafpkg-1\.0") as caught:
        install(cut_off(workspace))
    assert "packreg seal" in caught.value.hint
    done = seal_release(workspace, GUARD)
    assert done.changed and [each.name for each in done.added] == [LEAF.file_name]
    assert codes(workspace) == [] and workspace.registry().resolve(GUARD).seals == 0
    assert values(install(cut_off(workspace, "after"))) == "1.0 2.0"


def test_a_wheel_that_was_changed_in_the_home_is_fetched_again(workspace: Workspace) -> None:
    """Nothing there is believed because it is there."""
    publish(workspace)
    there = cut_off(workspace)
    place = there.home.wheels / LEAF.sha256 / LEAF.file_name
    place.parent.mkdir(parents=True)
    place.write_bytes(b"evil")
    assert values(install(there)) == "1.0 2.0"
    assert place.read_bytes() == LEAF.data


def test_an_archive_is_made_without_an_index(workspace: Workspace, tmp_path: Path) -> None:
    """`cache export` takes the files from the registry."""
    publish(workspace)
    there, archive = cut_off(workspace), tmp_path / "packs.tar"
    export_cache(there.installer(), [GUARD], archive)
    third = cut_off(workspace, "third")
    import_cache(archive, third.home)
    assert values(install(third, offline=True)) == "1.0 2.0"


def test_a_run_in_a_home_that_cannot_be_written_needs_no_index(workspace: Workspace) -> None:
    """The files are brought to where the run makes an environment of its own."""
    publish(workspace)
    there = cut_off(workspace)
    release = there.installer().releases.find(GUARD, offline=False)
    content = there.installer().releases.content(release, offline=False, say=lambda step: None)
    tools = there.private.tools(there.tools)
    job = Job(True, False, None, False, lambda step: None)
    _, provision = there.installer().provided(release, content, tools, job)
    assert provision.environment is not None
    assert tools.home.root in provision.environment.site_packages.parents
    assert (provision.environment.site_packages / "twigpkg").is_dir() and not there.home.wheels.exists()
    there.close()


def test_what_has_no_lock_cannot_be_sealed_and_what_needs_nothing_is(workspace: Workspace) -> None:
    """A pack without dependencies needs no index anyway."""
    with pytest.raises(UsageError, match="without a lock") as caught:
        publish(workspace, lock=False)
    assert "--no-seal" in caught.value.hint
    publish(workspace, lock=False, seal=False)
    with pytest.raises(UsageError, match="has no lock"):
        seal_release(workspace, GUARD)
    publish(workspace, write_pack(Path(workspace.cwd) / "bare", "bare", "1.0.0"))
    done = seal_release(workspace, Reference.parse("bare"))
    assert not done.changed and done.sealed == Sealed()
    assert done.as_json()["sealed"] == kept_json(Sealed()) == {"for": [], "files": 0, "size": 0}


def test_a_replica_is_not_sealed(tmp_path: Path, index: Index) -> None:
    """It is read only."""
    there = open_workspace(tmp_path, **index.environ(tmp_path / "cache"))
    there.registry().init("replica")
    with pytest.raises(PackregError, match="replica"):
        seal_release(there, GUARD)


@needs_npm
def test_a_sealed_node_pack_installs_without_a_registry_of_npm(workspace: Workspace, tmp_path: Path) -> None:
    """Its own lock names no address; a tampered package is exit code 8."""
    publish_node(workspace)
    bare = cut_off(workspace, "bare")
    with pytest.raises(InstallError):
        install(bare)
    done = seal_release(workspace, GUARD)
    assert done.sealed.targets == (platform_here(),)
    assert [each.name for each in done.added] == ["is-number-6.0.0.tgz"]
    there = cut_off(workspace)
    installed = install(there)
    assert (
        json.loads((installed.path / "node_modules/is-number/package.json").read_text())["version"] == "6.0.0"
    )
    assert not (there.home.root / "npm").exists()
    archive = tmp_path / "packs.tar"
    export_cache(there.installer(), [GUARD], archive)
    third = cut_off(workspace, "third")
    import_cache(archive, third.home)
    assert (install(third, offline=True).path / "node_modules/is-number").is_dir()
    (artifact,) = done.added
    damage(workspace, artifact.key, b"evil")
    with pytest.raises(IntegrityError):
        install(cut_off(workspace, "fourth"))


def test_a_pack_is_sealed_for_a_python_that_it_runs_on(tmp_path: Path, index: Index) -> None:
    """Where no setting names any: sealed for another it could not be installed."""
    with pytest.raises(InstallError, match=r"requires Python >=3\.40"):
        seal_targets(with_settings(tmp_path, index), Needs("x", requires=">=3.40"))
