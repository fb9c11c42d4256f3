"""What differs between two packs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from packreg.pack.bundle import extract
from packreg.pack.difference import compare, unified
from packreg.pack.files import File

OLD = {
    "PulumiPolicy.yaml": File(b"runtime: python\nversion: 1.0.0\ndescription: one\n"),
    "requirements.txt": File(b"pulumi-policy>=1,<2\nboto3==1.0\n"),
    "a.py": File(b"one\ntwo\n"),
    "gone.py": File(b"x\n"),
    "run.sh": File(b"x\n"),
    "same.py": File(b"x\n"),
}
NEW = {
    "PulumiPolicy.yaml": File(
        b"runtime:\n  name: python\n  options:\n    virtualenv: venv\nversion: 1.1.0\n"
    ),
    "requirements.txt": File(b"pulumi-policy>=1,<2\nrequests\n"),
    "a.py": File(b"one\n2\n"),
    "new.bin": File(b"\0"),
    "run.sh": File(b"x\n", executable=True),
    "same.py": File(b"x\n"),
}


def test_files_requirements_and_manifest_are_compared() -> None:
    """Added, removed and changed files, requirement lines, and manifest fields with both values are told."""
    found = compare(OLD, NEW)
    assert (found.added, found.removed) == (("new.bin",), ("gone.py",))
    assert found.changed == ("PulumiPolicy.yaml", "a.py", "requirements.txt", "run.sh")
    assert found.requirements_added == ("requests",)
    assert found.requirements_removed == ("boto3==1.0",)
    assert found.manifest["version"] == ("1.0.0", "1.1.0")
    assert found.manifest["description"] == ("one", "-")
    assert found.manifest["runtime.options.virtualenv"] == ("-", "venv")


def test_a_pack_does_not_differ_from_itself() -> None:
    """The same files have no difference, and that is false."""
    assert not compare(OLD, OLD)
    assert compare(OLD, OLD).as_json()["same"] is True


def test_changed_lines_are_shown_for_text_only() -> None:
    """Text files are shown as `diff -u` does; other files are named."""
    lines = unified(OLD, NEW, compare(OLD, NEW))
    assert lines[lines.index("--- old/a.py") : lines.index("--- old/a.py") + 2] == [
        "--- old/a.py",
        "+++ new/a.py",
    ]
    assert {"-two", "+2"} <= set(lines)
    assert "--- old/gone.py" in lines
    assert lines[lines.index("--- old/gone.py") + 1] == "+++ /dev/null"
    assert "new.bin: not shown: it is binary or too large" in lines
    place = lines.index("diff --git old/run.sh new/run.sh")
    assert lines[place + 1 : place + 3] == ["old mode 100644", "new mode 100755"]


BEFORE = {
    "a.rego": File(b"package a\n\n\tdeny := 1\n" + b"same\n" * 20 + b"-- last\n"),
    "dos.txt": File(b"one\r\ntwo\r\n"),
    "empty/gone.txt": File(b""),
    "gone.txt": File(b"x\ny"),
    "with space.txt": File(b"no end"),
    "\u00fc.txt": File("\u00fc\u2028\f\n".encode()),
    "run.sh": File(b"x\n"),
    "both.sh": File(b"x\n", executable=True),
    "end.txt": File(b"x\n"),
}
AFTER = {
    "a.rego": File(b"package a\n\n\tdeny := 2\n" + b"same\n" * 20 + b"++ last\n"),
    "dos.txt": File(b"one\r\n2\r\n"),
    "new/empty.txt": File(b""),
    "new.sh": File(b"x\n", executable=True),
    "with space.txt": File(b"an end\n"),
    "\u00fc.txt": File("u\u2028\f\n".encode()),
    "run.sh": File(b"x\n", executable=True),
    "both.sh": File(b"y\n"),
    "end.txt": File(b"x\n\n"),
}


@pytest.mark.parametrize("program", [("git", "apply"), ("patch", "-p1", "--binary", "--quiet")])
@pytest.mark.parametrize("backwards", [False, True])
def test_the_lines_are_a_patch(tmp_path: Path, program: tuple[str, ...], backwards: bool) -> None:
    """Both tools make the new files of the old with it, to the last byte and mode, however files end."""
    if shutil.which(program[0]) is None:
        pytest.skip(f"there is no {program[0]}")
    old, new = (AFTER, BEFORE) if backwards else (BEFORE, AFTER)
    lines = unified(old, new, compare(old, new))
    lines.insert(0, "file         ~ a.rego")  # what `packreg diff` prints in front
    lines.append("x.bin: not shown: it is binary or too large")
    extract(old, tmp_path / "pack")
    subprocess.run(
        program,
        cwd=tmp_path / "pack",
        env={"PATH": os.environ["PATH"], "GIT_CEILING_DIRECTORIES": str(tmp_path)},
        input="".join(f"{line}\n" for line in lines).encode(),
        check=True,
    )
    found = {
        path.relative_to(tmp_path / "pack").as_posix(): File(
            path.read_bytes(), bool(path.stat().st_mode & 0o111)
        )
        for path in (tmp_path / "pack").rglob("*")
        if path.is_file()
    }
    assert found == new


def test_packages_of_nodejs_are_requirements() -> None:
    """The dependencies of a package.json are compared like requirement lines."""

    def pack(wanted: str) -> dict[str, File]:
        members = {
            "name": "x",
            "version": "1.0.0",
            "main": "i.js",
            "dependencies": {"@pulumi/policy": wanted},
        }
        return {"package.json": File(json.dumps(members).encode())}

    found = compare(pack("^1.0.0"), pack("^1.2.0"))
    assert found.requirements_added == ("@pulumi/policy ^1.2.0",)
    assert found.requirements_removed == ("@pulumi/policy ^1.0.0",)


def test_files_that_cannot_be_read_differ_as_files() -> None:
    """A broken manifest or requirements file is a changed file and nothing more."""
    broken = {**OLD, "PulumiPolicy.yaml": File(b"\xff"), "requirements.txt": File(b"-e .\n")}
    found = compare(OLD, broken)
    assert found.changed == ("PulumiPolicy.yaml", "requirements.txt")
