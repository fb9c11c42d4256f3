"""Source archives are unpacked within bounds, and nowhere else."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from packreg.errors import InstallError
from packreg.install import source_archive
from packreg.install.source_archive import unpack_source


def tar(place: Path, *members: tuple[str, bytes], link: str = "") -> Path:
    """A `.tar.gz` with these members, and perhaps a link to /etc/passwd."""
    with tarfile.open(place, "w:gz") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        if link:
            info = tarfile.TarInfo(link)
            info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(info)
    return place


def zipped(place: Path, *members: tuple[str, bytes]) -> Path:
    """A `.zip` with these members."""
    with zipfile.ZipFile(place, "w") as archive:
        for name, data in members:
            archive.writestr(name, data)
    return place


GOOD = (("raw-1/pyproject.toml", b"[project]"), ("raw-1/src/raw.py", b"x = 1"))


def test_both_kinds_give_the_directory_of_the_source(tmp_path: Path) -> None:
    """Files as they are; links are left out."""
    for name, archive in {
        "raw-1.tar.gz": tar(tmp_path / "a", *GOOD, link="raw-1/link"),
        "raw-1.zip": zipped(tmp_path / "b", *GOOD),
    }.items():
        found = unpack_source(archive, name, tmp_path / f"{name}-source")
        assert found.name == "raw-1"
        assert (found / "src/raw.py").read_bytes() == b"x = 1" and len(list(found.rglob("*"))) == 3


@pytest.mark.parametrize(
    "path", ["../evil", "/evil", "raw-1/../../evil", "raw-1\\..\\evil", "C:/evil", "raw-1"]
)
def test_a_path_that_leads_out_refuses_the_whole(tmp_path: Path, path: str) -> None:
    """In a tar as in a zip."""
    members = (*GOOD, (path, b"evil"))
    for name, archive in {
        "x.tar.gz": tar(tmp_path / "a", *members),
        "x.zip": zipped(tmp_path / "b", *members),
    }.items():
        with pytest.raises(InstallError, match="cannot be unpacked"):
            unpack_source(archive, name, tmp_path / "deep" / "er" / name)
    assert not list(tmp_path.rglob("evil"))


def test_a_file_twice_is_refused(tmp_path: Path) -> None:
    """Which of the two counts is nobody's guess."""
    with pytest.raises(InstallError, match="cannot be unpacked"):
        unpack_source(tar(tmp_path / "a", *GOOD, GOOD[0]), "x.tar.gz", tmp_path / "out")


@pytest.mark.parametrize("data", [b"", b"no archive", b"PK\5\6"])
def test_what_is_no_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    """Whatever it is called."""
    (tmp_path / "a").write_bytes(data)
    for name in ("x.tar.gz", "x.zip"):
        with pytest.raises(InstallError, match="cannot be unpacked"):
            unpack_source(tmp_path / "a", name, tmp_path / name)


def test_it_must_hold_one_directory(tmp_path: Path) -> None:
    """Otherwise nobody knows which of them is the source."""
    with pytest.raises(InstallError, match="exactly one directory"):
        unpack_source(tar(tmp_path / "a", *GOOD, ("other/x", b"")), "x.tar.gz", tmp_path / "out")


def test_it_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In bytes and in files."""
    archive = tar(tmp_path / "a", *GOOD)
    for name in ("MAX_UNPACKED", "MAX_MEMBERS"):
        with monkeypatch.context() as small, pytest.raises(InstallError, match="holds more than"):
            small.setattr(source_archive, name, 1)
            unpack_source(archive, "x.tar.gz", tmp_path / name)
