"""The disk: what becomes visible, what is removed, and what its failures are called."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from packreg.install.disk import (
    copy_tree,
    disk_error,
    disk_errors,
    is_free,
    make_read_only,
    only_one,
    remove_tree,
)
from tests.install.shop import tree_digest


def a_tree(root: Path) -> Path:
    """Directories, files, an executable and links, one of them broken."""
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "file").write_text("text")
    (root / "a" / "b" / "run").write_text("#!/bin/sh\n")
    (root / "a" / "b" / "run").chmod(0o755)
    (root / "a" / "link").symlink_to("file")
    (root / "a" / "broken").symlink_to("nowhere")
    return root


def test_a_copy_is_the_same(tmp_path: Path) -> None:
    """Files, executables and links arrive as they are."""
    source = a_tree(tmp_path / "source")
    copy_tree(str(source), str(tmp_path / "copy"))
    assert tree_digest(tmp_path / "copy") == tree_digest(source)
    assert os.access(tmp_path / "copy" / "a" / "b" / "run", os.X_OK)
    assert not os.access(tmp_path / "copy" / "a" / "file", os.X_OK)
    with pytest.raises(FileExistsError):
        copy_tree(str(source), str(tmp_path / "copy"))


def test_removing_gets_through_read_only_trees_and_not_through_links(tmp_path: Path) -> None:
    """A tree that nobody may write to can be removed; what links point to stays."""
    precious = a_tree(tmp_path / "precious")
    tree = a_tree(tmp_path / "tree")
    (tree / "out").symlink_to(precious)
    make_read_only(str(tree))
    assert not os.stat(tree / "a" / "file").st_mode & 0o222
    assert remove_tree(tree) and not tree.exists()
    assert (precious / "a" / "file").read_text() == "text"
    assert remove_tree(tmp_path / "absent")


@pytest.mark.parametrize(
    ("number", "hint"),
    [(errno.ENOSPC, "free some space"), (errno.EROFS, "PACKREG_HOME"), (errno.EACCES, "PACKREG_HOME"),
     (errno.EDQUOT, "free some space"), (errno.EIO, "")],
)  # fmt: skip
def test_failures_say_what_where_and_how_to_mend(number: int, hint: str) -> None:
    """Every OSError becomes a sentence with the place in it."""
    error = disk_error(OSError(number, os.strerror(number), "/home/x"), "write to", Path("/home"))
    assert (
        "cannot write to /home" in str(error)
        and os.strerror(number) in str(error)
        and "/home/x" in str(error)
    )
    assert (hint in error.hint) if hint else not error.hint


def test_other_errors_pass(tmp_path: Path) -> None:
    """Only what the disk says is translated."""
    with pytest.raises(ZeroDivisionError), disk_errors("do", tmp_path):
        1 / 0  # noqa: B018


def test_one_at_a_time(tmp_path: Path) -> None:
    """Threads and processes exclude each other, and whoever waits says so once."""
    lock = tmp_path / "locks" / "x.lock"
    inside, most, waits = 0, 0, []

    def work() -> None:
        nonlocal inside, most
        with only_one(lock, lambda: waits.append(1)):
            inside += 1
            most = max(most, inside)
            threading.Event().wait(0.05)
            inside -= 1

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1 and 1 <= len(waits) <= 4
    assert is_free(lock)


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    """A lock dies with its holder."""
    lock = tmp_path / "x.lock"
    code = (
        "import sys, time; from pathlib import Path; from packreg.install.disk import only_one\n"
        f"with only_one(Path({str(lock)!r}), print):\n    print('held', flush=True); time.sleep(60)\n"
    )
    environ = dict(os.environ) | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environ)
    assert process.stdout is not None and process.stdout.readline().strip() == b"held"
    assert not is_free(lock)
    process.kill()
    process.communicate()
    assert is_free(lock)
    with only_one(lock, lambda: pytest.fail("nobody holds it")):
        pass
