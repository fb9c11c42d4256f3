"""The program that downloads a source archive."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from packreg.install import fetch_archive
from packreg.install.fetch_archive import credentials_for, main
from tests.install.shop import Sdist, serving

RAW = Sdist("rawpkg", "1.2")


def test_it_runs_alone_and_writes_the_file(tmp_path: Path) -> None:
    """With no packreg to import, from http and from a file."""
    with serving(RAW) as index:
        url = f"{index.url}/files/{RAW.file_name}"
        words = [sys.executable, "-I", fetch_archive.__file__, url, str(tmp_path / "a"), "100000"]
        assert subprocess.run(words, capture_output=True, check=True).stdout == b""
    assert (tmp_path / "a").read_bytes() == RAW.data
    assert main([(tmp_path / "a").as_uri(), str(tmp_path / "b"), "100000"], {}) == 0
    assert (tmp_path / "b").read_bytes() == RAW.data


def test_what_goes_wrong_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing file, one that is too long, and a host that is not there."""
    with serving(RAW) as index:
        assert main([f"{index.url}/files/none", str(tmp_path / "a"), "9"], {}) == 1
        assert main([f"{index.url}/files/{RAW.file_name}", str(tmp_path / "a"), "9"], {}) == 1
    assert main(["http://127.0.0.1:9/x", str(tmp_path / "a"), "9"], {}) == 1
    said = capsys.readouterr().err
    assert "answers 404" in said and "more than 9 bytes" in said and "failed to fetch it" in said


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("UV_DEFAULT_INDEX", "https://ann:p%40ss@corp.example/simple/"),
        ("UV_INDEX", "other=https://x:y@z.example/simple corp=https://ann:p%40ss@corp.example/simple/"),
        ("PIP_INDEX_URL", "https://ann:p%40ss@corp.example/a/b"),
    ],
)
def test_the_credentials_of_an_index_go_to_its_host_alone(variable: str, value: str) -> None:
    """By scheme, host and port."""
    environ = {variable: value, "NETRC": "/nonexistent"}
    assert credentials_for("https://corp.example/files/x.tar.gz", environ) == ("ann", "p@ss")
    for other in (
        "http://corp.example/x",
        "https://corp.example:8443/x",
        "https://files.example/x",
        "file:///x",
    ):
        assert credentials_for(other, environ) is None


def test_a_netrc_is_read(tmp_path: Path) -> None:
    """Where no index has credentials in its URL."""
    (tmp_path / "netrc").write_text("machine corp.example login ann password secret\n")
    (tmp_path / "netrc").chmod(0o600)
    environ = {"NETRC": str(tmp_path / "netrc")}
    assert credentials_for("https://corp.example/x", environ) == ("ann", "secret")
    assert credentials_for("https://other.example/x", environ) is None
