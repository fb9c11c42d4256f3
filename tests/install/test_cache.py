"""What lies in the home: listed with its users, pruned without breaking anything that is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from packreg.install.cache import clean, list_cache, prune
from packreg.install.disk import only_one
from packreg.install.home import Home
from packreg.install.tools import Tools
from packreg.pack.reference import Reference
from tests.install.conftest import LEAF, OTHER
from tests.install.shop import Shop, lock_of, python_pack
from tests.install.test_environment import run
from tests.install.test_installer import GUARD, names


def install_two(shop: Shop, home: Home, tools: Tools) -> None:
    """Two packs with different dependencies."""
    shop.publish(python_pack(requirements="leafpkg\n"), lock=lock_of(LEAF))
    shop.publish(python_pack(requirements="otherpkg\n"), "limits", lock_of(OTHER))
    shop.installer(home, tools).install_all([GUARD, Reference.parse("limits@1.0.0")])


def test_everything_is_listed_with_its_size_and_its_users(shop: Shop, home: Home, tools: Tools) -> None:
    """Packs first, then what they use and who does; sizes are those of the files."""
    install_two(shop, home, tools)
    found = list_cache(home)
    assert [kept.name for kept in found[:2]] == ["guard@1.0.0", "limits@1.0.0"]
    users = {kept.users for kept in found if kept.kind in ("environment", "bundle")}
    assert users == {("guard@1.0.0",), ("limits@1.0.0",)}
    (bundle,) = [kept for kept in found if kept.kind == "bundle" and kept.users == ("guard@1.0.0",)]
    assert bundle.size == bundle.path.stat().st_size and bundle.as_json()["users"] == ["guard@1.0.0"]
    assert list_cache(Home(home.root / "nothing")) == []


def test_pruning_removes_what_nobody_needs(shop: Shop, home: Home, tools: Tools) -> None:
    """Environments, bundles and leftovers without a pack go; packs that are installed still work."""
    from packreg.install.disk import remove_tree

    install_two(shop, home, tools)
    assert prune(home) == []
    remove_tree(home.packs / shop.location.id / "limits")
    stale = home.packs / shop.location.id / "guard" / ".staging-1.1.0-0badcafe"
    stale.mkdir()
    (home.envs / f".building-{'a' * 32}-0badcafe").mkdir()
    (home.logs / "old.log").write_text("x")
    before = names(home.envs)
    planned = {kept.path for kept in prune(home, dry_run=True)}
    assert names(home.envs) == before
    removed = {kept.path for kept in prune(home)}
    assert removed == planned and stale in removed and len(removed) == 5
    assert len(names(home.envs)) == len(names(home.bundles)) == 1
    python = home.packs / shop.location.id / "guard" / "1.0.0" / "venv" / "bin" / "python"
    assert run(python, "import leafpkg; print(leafpkg.value)") == "1.0"


def test_what_somebody_works_on_stays(home: Home) -> None:
    """An entry whose lock is held, and the scratch directory of a living process, are not pruned."""
    key = "b" * 64
    building = home.envs / f".building-{key[:32]}-0badcafe"
    building.mkdir(parents=True)
    done = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True
    )
    dead = home.root / "tmp" / f"lock-{done.stdout.strip()}-0123"
    dead.mkdir(parents=True)
    with home.scratch("mine") as mine, only_one(home.lock_file("env", key), lambda: None):
        assert [kept.path for kept in prune(home)] == [dead]
        assert mine.is_dir() and building.is_dir()
    assert [kept.path for kept in prune(home)] == [building]


def test_a_copy_elsewhere_keeps_its_environment(shop: Shop, home: Home, tools: Tools, tmp_path: Path) -> None:
    """What `install --to` made outside the home is a user like any other."""
    shop.publish(python_pack(requirements="leafpkg\n"), lock=lock_of(LEAF))
    done = shop.installer(home, tools).install(GUARD, to=tmp_path / "there")
    assert [kept.kind for kept in prune(home)] == ["bundle"]
    assert run(done.path / "venv" / "bin" / "python", "import leafpkg; print(leafpkg.value)") == "1.0"


def test_cleaning_leaves_only_what_is_not_packregs(shop: Shop, home: Home, tools: Tools) -> None:
    """Everything of the home goes, a registry in the same directory stays, and installing works again."""
    install_two(shop, home, tools)
    (home.root / "registry").mkdir()
    assert sum(kept.size for kept in clean(home)) > 0
    assert set(names(home.root)) <= {"registry", "locks"}
    assert shop.installer(home, tools).install(GUARD).changed
