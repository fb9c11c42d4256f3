"""Installed packs are removed from this machine, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.errors import NotFound, UsageError
from packreg.pack.reference import Reference
from packreg.services.install import install_releases
from packreg.services.uninstall import uninstall_packs
from packreg.services.workspace import Workspace


def install(workspace: Workspace, *references: str) -> list[Path]:
    """Install releases, and give their directories."""
    done = install_releases(workspace, [Reference.parse(each) for each in references])
    return [each.path for each in done]  # type: ignore[union-attr]


def test_a_version_a_range_or_all_of_a_name(governed: Workspace) -> None:
    """What the references mean goes, of what is installed; the registry keeps its releases."""
    first, second, old = install(governed, "guard@1.0.0", "guard@1.1.0", "old@1.0.0")
    assert [gone.name for gone in uninstall_packs(governed, ["guard@1.1.0"])] == ["guard@1.1.0"]
    assert first.is_dir() and not second.exists()
    install(governed, "guard@1.1.0")
    gone = uninstall_packs(governed, ["guard", "guard@^1", "old@1.0.0"])
    assert sorted(each.name for each in gone) == ["guard@1.0.0", "guard@1.1.0", "old@1.0.0"]
    assert not first.exists() and not old.exists() and all(each.size > 0 for each in gone)
    assert install(governed, "guard@1.0.0") == [first]
    assert not [path for path in first.parent.iterdir() if path != first]


def test_one_that_is_not_there_leaves_all_as_it_is(governed: Workspace) -> None:
    """A name that is not installed, or that only the registry could resolve, is said before anything goes."""
    [place] = install(governed, "guard@1.0.0")
    for word, kind in (("old", NotFound), ("guard@2.0.0", NotFound), ("guard@latest", UsageError)):
        with pytest.raises(kind):
            uninstall_packs(governed, ["guard@1.0.0", word])
    assert place.is_dir()


def test_what_somebody_changed_is_not_lost(governed: Workspace) -> None:
    """A pack that was changed since it was installed is kept, unless that is asked for."""
    [place] = install(governed, "guard@1.0.0")
    (place / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="was changed since it was installed") as raised:
        uninstall_packs(governed, ["guard"])
    assert "--force" in raised.value.hint and (place / "notes.txt").is_file()
    uninstall_packs(governed, ["guard"], force=True)
    assert not place.exists()


def test_packs_of_another_registry_stay(governed: Workspace, tmp_path: Path) -> None:
    """A home may hold packs of several registries: only those of the one that is meant go."""
    [place] = install(governed, "guard@1.0.0")
    other = Workspace({**governed.environ, "PACKREG_REGISTRY": str(tmp_path / "other")}, cwd=str(tmp_path))
    with other, pytest.raises(NotFound, match="is not installed from"):
        uninstall_packs(other, ["guard"])
    assert place.is_dir()
