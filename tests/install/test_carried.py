"""A program that travels with packs: found where an archive brought it, and nowhere else."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from packreg.errors import InstallError, IntegrityError, PackregError
from packreg.install.carried import carried, find_carried
from packreg.install.home import Home
from packreg.install.tools import Tools
from packreg.install.transfer import INDEX, export_cache, import_cache
from packreg.pack.files import File
from tests.install.shop import Shop, kept_home, tools_in
from tests.install.test_installer import GUARD
from tests.install.test_transfer import Change, rewrite

#: Stands for a program where none is started.
BYTES = b"\x7fELF a program"
PACK = {
    "PulumiPolicy.yaml": File(b"runtime: opa\nversion: 1.0.0\n"),
    "policy.rego": File(b"package guard\n"),
}


def archive_with(program: Path, place: Path) -> Path:
    """An archive with a pack and this program."""
    shop, home = Shop(place / "registry"), Home(place / "home")
    shop.publish(PACK)
    opa = carried("opa", "1.6.0", program)
    target = place / "packs.tar"
    contents = export_cache(shop.installer(home, tools_in(home)), [GUARD], target, programs={opa: program})
    assert contents.programs == [opa]
    return target


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with a program that is never started."""
    root = tmp_path_factory.mktemp("carried")
    program = root / "opa"
    program.write_bytes(BYTES)
    return archive_with(program, root)


def said(change: dict[str, Any] | None) -> Change:
    """The index says this of the program; with None nothing."""

    def rewritten(members: dict[str, bytes]) -> None:
        index = json.loads(members[INDEX])
        about = index.pop("programs")["opa"]
        if change is not None:
            index["programs"] = {"opa": {**about, **change}}
        members[INDEX] = json.dumps(index).encode()

    return rewritten


def also(name: str) -> Change:
    """One more program, of which the index says the same."""

    def change(members: dict[str, bytes]) -> None:
        members[f"programs/{name}"] = BYTES
        index = json.loads(members[INDEX])
        index["programs"][name] = index["programs"]["opa"]
        members[INDEX] = json.dumps(index).encode()

    return change


def without_program(members: dict[str, bytes]) -> None:
    """The index says of a program that is not there."""
    members.pop("programs/opa")


def test_a_program_travels(opa: str, tmp_path: Path) -> None:
    """The real opa that an archive brought runs, and is what tools find where PATH has none."""
    home = kept_home(tmp_path / "there")
    contents = import_cache(archive_with(Path(opa), tmp_path), home)
    assert [program.name for program in contents.programs] == ["opa"]
    nothing = tmp_path / "nothing"
    found = Tools(home, {"PATH": str(nothing)}).which("opa")
    assert found is not None and found.startswith(str(home.root))
    done = subprocess.run([found, "version"], capture_output=True, text=True, check=True, env={})
    assert done.stdout.startswith("Version: ")


def test_settings_and_the_path_come_first(archive: Path, tmp_path: Path) -> None:
    """An imported program is taken only where nobody named another and PATH has none."""
    home = kept_home(tmp_path / "there")
    import_cache(archive, home)
    own = tmp_path / "bin" / "opa"
    own.parent.mkdir()
    own.write_bytes(BYTES)
    own.chmod(0o755)
    assert Tools(home, {"PATH": str(own.parent)}).which("opa") == str(own)
    assert Tools(home, {"PATH": ""}, named={"opa": str(own)}).which("opa") == str(own)
    assert Tools(home, {"PATH": ""}).which("opa") == str(home.root / "programs" / "opa" / "bin" / "opa")


def test_a_later_import_replaces_an_earlier_one(archive: Path, tmp_path: Path) -> None:
    """One program of a name is kept, the last that was imported, and importing it twice is fine."""
    home = kept_home(tmp_path / "there")
    import_cache(archive, home)
    import_cache(archive, home)
    newer = tmp_path / "opa"
    newer.write_bytes(BYTES + b" of another version")
    import_cache(archive_with(newer, tmp_path), home)
    found = find_carried("opa", home)
    assert found is not None and Path(found).read_bytes() == newer.read_bytes()
    assert sorted(path.name for path in home.programs.iterdir()) == ["opa"]


@pytest.mark.parametrize("attack", ["changed", "added", "copied", "other-key", "linked"])
def test_what_somebody_else_put_there_is_nothing(archive: Path, tmp_path: Path, attack: str) -> None:
    """A program in a home counts as this user's import left it there; other times are no difference."""
    home = kept_home(tmp_path / "there")
    import_cache(archive, home)
    entry = home.programs / "opa"
    shutil.copytree(entry, tmp_path / "copy")
    shutil.rmtree(entry)
    shutil.copytree(tmp_path / "copy", entry)
    assert find_carried("opa", home) is not None  # which looks at the bytes, once
    if attack == "changed":
        (entry / "bin" / "opa").write_bytes(BYTES[:-1] + b"M")
    elif attack == "added":
        (entry / "bin" / "libc.so").write_bytes(b"x")
    elif attack == "copied":
        home = Home(tmp_path / "elsewhere", home.key)
        shutil.copytree(entry, home.programs / "opa")
    elif attack == "other-key":
        home = Home(home.root)
    else:
        (entry / "bin").rename(tmp_path / "bin")
        (entry / "bin").symlink_to(tmp_path / "bin")
    assert find_carried("opa", home) is None
    assert Tools(home, {"PATH": ""}).which("opa") is None


@pytest.mark.parametrize(
    "change",
    [
        said(None),
        said({"version": "1.6.0\x1b[2J"}),
        said({"version": 1}),
        said({"platform": "plan9 pdp11"}),
        said({"platform": None}),
        also("uv"),
        also("../opa"),
        without_program,
    ],
)
def test_a_forged_archive_is_refused_whole(archive: Path, tmp_path: Path, change: Change) -> None:
    """Programs of which the index says nothing fit, for other machines or of other names: nothing is kept."""
    home = kept_home(tmp_path / "there")
    with pytest.raises(PackregError):
        import_cache(rewrite(archive, tmp_path, change), home)
    assert not [path for path in home.root.rglob("*") if path.is_file()]


def test_a_damaged_program_is_refused(archive: Path, tmp_path: Path) -> None:
    """Other bytes than the index says are one clear error."""
    forged = rewrite(archive, tmp_path, lambda members: members.update({"programs/opa": b"x"}), index=False)
    with pytest.raises(IntegrityError, match="programs/opa is damaged"):
        import_cache(forged, kept_home(tmp_path / "there"))


def test_a_script_is_not_carried(tmp_path: Path) -> None:
    """What only starts a program of this machine would not work elsewhere."""
    script = tmp_path / "opa"
    script.write_text("#!/bin/sh\nexec /opt/opa/opa\n")
    with pytest.raises(InstallError, match="is a script"):
        carried("opa", "1.6.0", script)
    with pytest.raises(InstallError, match="cannot read"):
        carried("opa", "1.6.0", tmp_path / "none")
