"""kill -9 at any moment of an installation: nothing half done counts, and the next run makes it whole.

PACKREG_KILLS sets the number of kills (15 without it).
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from packreg.install import marker
from packreg.install.disk import remove_tree
from packreg.install.home import Home
from packreg.install.marker import COMPLETE
from packreg.pack.reference import Reference
from tests.install.conftest import LEAF, TWIG
from tests.install.shop import MAIN, Index, Shop, lock_of, python_pack, tree_digest
from tests.install.test_environment import run

KILLS = int(os.environ.get("PACKREG_KILLS", "15"))
ROOT = Path(__file__).parent.parent.parent


def start(shop: Shop, home: Home, index: Index, cache: Path, *, force: bool) -> subprocess.Popen[bytes]:
    """An installer in a process (and a process group) of its own."""
    environ = dict(os.environ) | index.environ(cache) | {"PYTHONPATH": os.pathsep.join(sys.path)}
    if force:
        environ["PACKREG_TEST_FORCE"] = "1"
    command = [
        sys.executable,
        "-m",
        "tests.install.victim",
        shop.location.path,
        str(home.root),
        "guard@1.0.0",
    ]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def whole(home: Home, expected: dict[str, str]) -> bool:
    """Fails if anything that counts as installed, or as an environment, is not whole; whether the pack is."""
    for entry in home.envs.glob("*"):
        if not entry.name.startswith(".") and (entry / COMPLETE).exists():
            json.loads((entry / COMPLETE).read_text())
            (site_packages,) = (entry / "env").glob("lib/*/site-packages")
            assert tree_digest(site_packages) == expected["environment"]
    found = [path for path in home.packs.glob("*/*/*") if not path.name.startswith(".")]
    for path in found:
        said = marker.read_marker(str(path))
        assert said is not None, "a directory has the place of a pack, and no marker"
        assert said["digest"] == expected["digest"]
        assert (path / "__main__.py").read_bytes() == MAIN
        if marker.holds(str(path), said):
            python = path / "venv" / "bin" / "python"
            assert run(python, "import leafpkg, twigpkg; print(twigpkg.value)") == "2.0"
    return bool(found)


def test_kills(shop: Shop, home: Home, index: Index, tmp_path: Path) -> None:
    """Killed at random moments, an installation never leaves anything that counts and is not whole."""
    more = {f"rules__rule{n}_py": f"n = {n}\n" * 50 for n in range(30)}
    record = shop.publish(python_pack(requirements="twigpkg\n", **more), lock=lock_of(LEAF, TWIG))
    cache = tmp_path / "cache"
    began = time.monotonic()
    process = start(shop, home, index, cache, force=False)
    _, complaint = process.communicate(timeout=120)
    assert process.returncode == 0, complaint
    duration = time.monotonic() - began
    (entry,) = home.envs.iterdir()
    (site_packages,) = (entry / "env").glob("lib/*/site-packages")
    expected = {"environment": tree_digest(site_packages), "digest": record.digest}
    moments = random.Random(20260102)
    killed = visible = 0
    for number in range(KILLS):
        # In turns: nothing there, the store filled, everything there and replaced by force.
        if number % 3 == 0:
            remove_tree(home.envs)
            remove_tree(home.skeletons)
        if number % 3 != 2:
            remove_tree(home.packs)
        process = start(shop, home, index, cache, force=True)
        time.sleep(moments.uniform(0.3, 1.1) * duration)
        with_children = moments.random() < 0.5
        if process.poll() is None:
            killed += 1
            if with_children:
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        process.communicate()
        visible += whole(home, expected)
        if number % 5 == 4:
            process = start(shop, home, index, cache, force=False)
            _, complaint = process.communicate(timeout=120)
            assert process.returncode == 0, complaint
            assert whole(home, expected)
    process = start(shop, home, index, cache, force=False)
    _, complaint = process.communicate(timeout=120)
    assert process.returncode == 0, complaint
    assert whole(home, expected)
    print(f"{KILLS} rounds, {killed} killed while running, {visible} with a whole pack visible after it")
    directory = home.packs / shop.location.id / "guard"
    assert [path.name for path in directory.iterdir()] == ["1.0.0"]
    assert killed >= KILLS // 3


def test_a_waiting_installer_goes_on_when_the_first_is_killed(
    shop: Shop, home: Home, index: Index, tmp_path: Path
) -> None:
    """The lock of a killed installer is free at once: the one that waited does the work."""
    shop.publish(python_pack(requirements="twigpkg\n"), lock=lock_of(LEAF, TWIG))
    hold = threading.Event()
    answer = index.answer

    def slowly(path: str) -> tuple[int, str, bytes]:
        hold.wait(60)
        return answer(path)

    index.answer = slowly  # type: ignore[method-assign]
    first = start(shop, home, index, tmp_path / "cache", force=False)
    deadline = time.monotonic() + 60
    while not list(home.envs.glob(".building-*/env")) and time.monotonic() < deadline:
        time.sleep(0.02)
    second = start(shop, home, index, tmp_path / "cache2", force=False)
    time.sleep(0.5)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    hold.set()
    said, complaint = second.communicate(timeout=120)
    assert second.returncode == 0, complaint
    assert b"True" in said


def test_one_installs_and_the_others_wait_and_reuse(
    shop: Shop, home: Home, index: Index, tmp_path: Path
) -> None:
    """Of six processes that install one pack at once exactly one does it, and all end well."""
    shop.publish(python_pack(requirements="twigpkg\n"), lock=lock_of(LEAF, TWIG))
    processes = [start(shop, home, index, tmp_path / "cache", force=False) for _ in range(6)]
    said = [process.communicate(timeout=180) for process in processes]
    assert all(process.returncode == 0 for process in processes), said
    assert sum(b"True" in out for out, _ in said) == 1


def test_what_killed_runs_left_of_other_versions_is_swept(shop: Shop, home: Home, index: Index) -> None:
    """An installation also sweeps what lies beside it, unless somebody is at work there."""
    from packreg.install.disk import only_one
    from tests.install.shop import tools_in

    shop.publish(python_pack())
    installer = shop.installer(home, tools_in(home))
    directory = home.packs / shop.location.id / "guard"
    stale, busy = directory / ".staging-1.1.0-rc.1-0badcafe", directory / ".staging-2.0.0-0badcafe"
    for path in (stale, busy):
        path.mkdir(parents=True)
        (path / "file").write_text("x")
    with only_one(installer._lock(directory / "2.0.0"), lambda: None):
        installer.install(Reference.parse("guard@1.0.0"))
        assert not stale.exists() and busy.exists()
    installer.install(Reference.parse("guard@1.0.0"), force=True)
    assert not busy.exists()


@pytest.mark.parametrize("moment", ["before", "between"])
def test_a_pack_that_was_put_aside_comes_back(shop: Shop, home: Home, tmp_path: Path, moment: str) -> None:
    """Killed between the two renames of a replacement, the old pack is put back by the next run."""
    from packreg.install.staging import sweep

    place = tmp_path / "there" / "guard"
    old, staging = place.with_name(".old-guard-0badcafe"), place.with_name(".staging-guard-0badcafe")
    for path in (old, staging):
        path.mkdir(parents=True)
        marker.write_marker(
            str(path),
            {
                "format": marker.FORMAT, "name": path.name, "version": "1.0.0", "digest": "", "bundle": "",
                "registry": "", "packreg": "",
                "environment": {"kind": "none", "path": "", "store": "", "python": ""},
            },
        )  # fmt: skip
    if moment == "before":
        place.mkdir()
    sweep(place)
    assert [path.name for path in place.parent.iterdir()] == ["guard"]
    said = marker.read_marker(str(place))
    assert (said is None) if moment == "before" else (said is not None and said["name"] == old.name)
