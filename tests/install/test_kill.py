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
from packreg.install.sealed import COMPLETE
from packreg.pack.reference import Reference
from tests.install.conftest import LEAF, TWIG
from tests.install.shop import MAIN, Index, Shop, lock_of, python_pack, tree_digest
from tests.install.test_environment import run

KILLS = int(os.environ.get("PACKREG_KILLS", "15"))
ROOT = Path(__file__).parent.parent.parent


def start(
    shop: Shop, home: Home, index: Index, cache: Path, *, force: bool = False, kill: str = ""
) -> subprocess.Popen[bytes]:
    """An installer in a process (and a process group) of its own."""
    environ = dict(os.environ) | index.environ(cache) | {"PYTHONPATH": os.pathsep.join(sys.path)}
    environ |= {"PACKREG_TEST_FORCE": "1"} if force else {}
    environ |= {"PACKREG_TEST_KILL": kill} if kill else {}
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


def finish(process: subprocess.Popen[bytes]) -> list[bytes]:
    """The lines that an installer prints; fails unless it ends well."""
    said, complaint = process.communicate(timeout=180)
    assert process.returncode == 0, complaint
    return said.splitlines()


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
        if marker.holds(str(path), said, lambda kind, entry: (Path(entry) / COMPLETE).is_file()):
            python = path / "venv" / "bin" / "python"
            assert run(python, "import leafpkg, twigpkg; print(twigpkg.value)") == "2.0"
    return bool(found)


def test_kills(shop: Shop, home: Home, index: Index, tmp_path: Path) -> None:
    """Killed before or soon after any step, an installation leaves nothing that counts and is not whole.

    In turns: nothing is there; the store is filled; everything is there and replaced by force. Every other
    kill comes up to 50 ms after a step, so also while uv works, which is not killed with its parent.
    """
    more = {f"rules__rule{n}_py": f"n = {n}\n" * 50 for n in range(10)}
    record = shop.publish(python_pack(requirements="twigpkg\n", **more), lock=lock_of(LEAF, TWIG))
    cache = tmp_path / "cache"
    finish(start(shop, home, index, cache))  # so that what only a first run does is not counted
    steps = []
    for scenario in range(3):
        prepare(home, scenario)
        steps.append(int(finish(start(shop, home, index, cache, force=True))[-1]))
    (entry,) = home.envs.iterdir()
    (site_packages,) = (entry / "env").glob("lib/*/site-packages")
    expected = {"environment": tree_digest(site_packages), "digest": record.digest}
    chance = random.Random(20260102)
    rounds = killed = visible = 0
    while killed < KILLS:
        number, rounds = rounds, rounds + 1
        scenario = number % 3
        prepare(home, scenario)
        moment = chance.randint(1, steps[scenario])
        delay = chance.uniform(0.0, 0.05) if number % 2 else 0.0
        process = start(shop, home, index, cache, force=True, kill=f"{moment}:{delay}")
        _, complaint = process.communicate(timeout=180)
        assert process.returncode == -signal.SIGKILL or (delay and process.returncode == 0), complaint
        killed += process.returncode != 0
        visible += whole(home, expected)
        finish(start(shop, home, index, cache))
        assert whole(home, expected), f"not mended after a kill at step {moment} of {steps[scenario]}"
    finish(start(shop, home, index, cache, force=True))
    directory = home.packs / shop.location.id / "guard"
    assert [path.name for path in directory.iterdir()] == ["1.0.0"]
    assert len(list(home.envs.iterdir())) == len(list(home.skeletons.iterdir())) == 1
    print(f"{rounds} rounds, {killed} killed, {visible} with the whole pack visible after it; steps: {steps}")


def prepare(home: Home, scenario: int) -> None:
    """Nothing is there (0), the store is filled (1), or everything is there (2)."""
    if scenario == 0:
        remove_tree(home.envs)
        remove_tree(home.skeletons)
    if scenario < 2:
        remove_tree(home.packs)


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
    first = start(shop, home, index, tmp_path / "cache")
    deadline = time.monotonic() + 60
    while not list(home.envs.glob(".building-*/env")) and time.monotonic() < deadline:
        time.sleep(0.02)
    second = start(shop, home, index, tmp_path / "cache2")
    time.sleep(0.5)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    hold.set()
    assert finish(second)[0].endswith(b"True")


def test_one_installs_and_the_others_wait_and_reuse(
    shop: Shop, home: Home, index: Index, tmp_path: Path
) -> None:
    """Of six processes that install one pack at once exactly one does it, and all end well."""
    shop.publish(python_pack(requirements="twigpkg\n"), lock=lock_of(LEAF, TWIG))
    processes = [start(shop, home, index, tmp_path / "cache") for _ in range(6)]
    assert sum(finish(process)[0].endswith(b"True") for process in processes) == 1


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
            home.key,
            str(path),
            str(path),
            {
                "leave": [], "name": path.name, "version": "1.0.0", "digest": "", "bundle": "",
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
