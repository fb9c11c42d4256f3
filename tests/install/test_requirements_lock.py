"""Python locks: exact versions with hashes, and nothing else that an installer would follow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.errors import InstallError
from packreg.install.requirements_lock import MAX_LOCK, read_lock

HASH = "--hash=sha256:" + "a" * 64
GOOD = f"""# a comment
pulumi==3.1.0 \\
    {HASH} \\
    --hash=sha256:{"b" * 64}
    # via something
colorama==0.4.6 ; (python_full_version < '3.12' and sys_platform == 'win32') or extra == 'x' \\
    {HASH}
name-with[extra,other]==1.0.post1+local.1 {HASH}
"""


def test_what_uv_writes_is_read() -> None:
    """Names, versions, markers and every hash come out, comments and continuations do not matter."""
    packages = read_lock(GOOD, "x")
    assert [(p.name, p.version) for p in packages] == [
        ("pulumi", "3.1.0"),
        ("colorama", "0.4.6"),
        ("name-with", "1.0.post1+local.1"),
    ]
    assert packages[0].hashes == ("a" * 64, "b" * 64)
    assert packages[1].marker.startswith("(python_full_version")
    assert read_lock(GOOD.replace("\n", "\r\n"), "x") == packages


@pytest.mark.parametrize(
    "line",
    [
        "pulumi==3.1.0",
        f"pulumi>=3.1.0 {HASH}",
        f"pulumi {HASH}",
        f"pulumi==3.* {HASH}",
        "pulumi==3.1.0 --hash=md5:" + "a" * 32,
        "pulumi==3.1.0 --hash=sha256:" + "a" * 63,
        "pulumi==3.1.0 --hash=sha256:" + "A" * 64,
        f"pulumi==3.1.0 {HASH} --global-option=x",
        f"pulumi==3.1.0 {HASH} -e .",
        f"pulumi @ https://example.com/p.whl {HASH}",
        "git+https://example.com/p.git",
        f"./p.whl {HASH}",
        f"/tmp/p.whl {HASH}",
        "-e .",
        "-r other.txt",
        "-c other.txt",
        "--index-url https://example.com",
        "--extra-index-url=https://example.com",
        "--find-links /tmp",
        "--trusted-host example.com",
        "--no-binary :all:",
        f"${{NAME}}==1 {HASH}",
        f"pulumi==1 {HASH} \\\n--index-url https://example.com",
        f"pulumi==1 ; python_version > '3' -i x {HASH}".replace("-i x", "\x0c-i x"),
        f"pulumi==1\u2028--index-url=x {HASH}",
        f"pulumi==1 {HASH}\x0b-e .",
        f"pulumi==1 {HASH}\x85-e .",
    ],
)
def test_everything_else_is_refused_with_its_line(line: str) -> None:
    """Options, indexes, URLs, paths, ranges and missing hashes never reach an installer."""
    with pytest.raises(InstallError, match=r"line 2 of the lock of guard@1\.0\.0"):
        read_lock(f"good==1.0 {HASH}\n{line}\n", "guard@1.0.0")


def test_a_huge_lock_is_refused() -> None:
    """A lock has a limit, whatever is in it."""
    with pytest.raises(InstallError, match="larger than"):
        read_lock("#" * (MAX_LOCK + 1), "x")


@given(st.text(max_size=80))
def test_no_text_gets_an_option_through(text: str) -> None:
    """Whatever follows a good line is a comment, empty, another good line, or refused."""
    try:
        packages = read_lock(f"good==1.0 {HASH}\n{text}", "x")
    except InstallError:
        return
    for package in packages:
        assert package.hashes and package.version and not package.name.startswith("-")
    lines = [line for line in text.replace("\r\n", "\n").split("\n") if line.strip()]
    assert len(packages) > 1 or all(line.lstrip().startswith(("#", "\\")) for line in lines)
