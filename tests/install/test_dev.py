"""`dev`: the environment of a pack directory, in place, with what an install would give it."""

from __future__ import annotations

import subprocess
import venv
from pathlib import Path

import pytest

from packreg.errors import InstallError
from packreg.install.cache import prune
from packreg.install.dev import Upkeep, dev, upkeep
from packreg.install.home import Home
from packreg.install.interpreter import find_interpreter
from packreg.install.tools import Tools
from packreg.pack.check import load_pack
from tests.install.shop import Index, python_pack
from tests.install.test_environment import run
from tests.install.test_installer import names


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A pack directory with one requirement."""
    root = tmp_path / "pack"
    root.mkdir()
    for path, file in python_pack(requirements="leafpkg\n").items():
        (root / path).write_bytes(file.data)
    return root


def develop(directory: Path, tools: Tools, **options: object) -> tuple[bool, Path, tuple[str, ...]]:
    """Run `dev`; whether it changed anything, the environment's Python, the notes."""
    done = dev(directory, load_pack(directory, name="guard"), tools, **options)  # type: ignore[arg-type]
    assert done.environment is not None
    return done.changed, done.environment / "bin" / "python", done.notes


def test_the_environment_appears_in_place(directory: Path, tools: Tools) -> None:
    """It is where the manifest says, works, and nothing else in the directory changes."""
    changed, python, notes = develop(directory, tools)
    assert changed and not notes and python == directory / "venv" / "bin" / "python"
    assert run(python, "import leafpkg; print(leafpkg.value)") == "1.0"
    assert names(directory) == ["PulumiPolicy.yaml", "__main__.py", "requirements.txt", "venv"]


def test_again_it_changes_nothing_and_asks_nobody(directory: Path, tools: Tools, index: Index) -> None:
    """The lock is remembered as long as the requirements are the same."""
    develop(directory, tools)
    asked = index.requests
    (directory / "__main__.py").write_text('print("edited")\n')
    assert not develop(directory, tools)[0] and index.requests == asked


def test_an_added_dependency_is_picked_up(directory: Path, tools: Tools) -> None:
    """A new line in requirements.txt is there after the next run; what was installed by hand stays."""
    _, python, _ = develop(directory, tools)
    command = [tools.uv, "pip", "install", "--python", str(python), "otherpkg"]
    subprocess.run(command, env=tools.environment, check=True, capture_output=True)
    (directory / "requirements.txt").write_text("leafpkg\ntwigpkg\n")
    changed, python, _ = develop(directory, tools)
    assert changed and run(python, "import leafpkg, twigpkg, otherpkg; print('all')") == "all"
    (directory / "requirements.txt").write_text("")
    develop(directory, tools)
    assert run(python, "import importlib.util as u; print(u.find_spec('leafpkg'))") == "None"


def test_an_unset_virtualenv_is_left_alone_with_a_hint(directory: Path, tools: Tools) -> None:
    """The manifest is the author's: it is not edited, and the note says what to add."""
    text = b"runtime: python\nversion: 1.0.0\n"
    (directory / "PulumiPolicy.yaml").write_bytes(text)
    _, python, notes = develop(directory, tools)
    assert (directory / "PulumiPolicy.yaml").read_bytes() == text
    assert python.is_file() and "virtualenv: venv" in notes[0]


def test_what_is_no_environment_is_not_touched(directory: Path, tools: Tools) -> None:
    """A directory that holds something else is refused with the way out."""
    (directory / "venv" / "mine").mkdir(parents=True)
    with pytest.raises(InstallError, match="is no Python environment") as caught:
        develop(directory, tools)
    assert "remove it" in caught.value.hint and (directory / "venv" / "mine").is_dir()


def test_pruning_takes_nothing_from_a_pack_directory(directory: Path, tools: Tools, home: Home) -> None:
    """The environment of a directory is its own, and needs no entry of the store."""
    _, python, _ = develop(directory, tools)
    prune(home)
    assert run(python, "import leafpkg; print(leafpkg.value)") == "1.0"


def test_a_pipfile_is_said(directory: Path, tools: Tools) -> None:
    """Dependencies that only Pipenv knows: the note says from which shell the Pulumi CLI works."""
    (directory / "requirements.txt").unlink()
    (directory / "Pipfile").write_text('[packages]\nleafpkg = "*"\n')
    assert "`pipenv shell`" in " ".join(develop(directory, tools)[2])


def test_upkeep_of_what_packreg_made(directory: Path, tools: Tools) -> None:
    """An environment that packreg made is to be refreshed exactly when what the pack asks for changed."""
    develop(directory, tools)
    (directory / "__main__.py").write_text('print("edited")\n')
    assert upkeep(directory, load_pack(directory, name="guard"), tools) == Upkeep()
    (directory / "requirements.txt").write_text("leafpkg\ntwigpkg\n")
    wanted = upkeep(directory, load_pack(directory, name="guard"), tools)
    assert wanted.refresh and wanted.python == find_interpreter(None, tools).path


def test_upkeep_of_what_somebody_else_made(directory: Path, tools: Tools) -> None:
    """Of another environment it is said what it lacks, which stays so until `dev` takes it over."""
    venv.create(directory / "venv", with_pip=False)
    pack = load_pack(directory, name="guard")
    assert upkeep(directory, pack, tools) == Upkeep(lacking=("leafpkg",))
    assert develop(directory, tools)[0]
    assert upkeep(directory, pack, tools) == Upkeep()


def test_another_python(directory: Path, tools: Tools, other_python: str) -> None:
    """`--python` makes the environment with that Python, and going back with ours."""
    _, python, _ = develop(directory, tools)
    own = run(python, "import sys; print(sys.version)")
    develop(directory, tools, python=other_python)
    assert run(python, "import sys, leafpkg; print(sys.version)") != own
    develop(directory, tools)
    assert run(python, "import sys, leafpkg; print(sys.version)") == own


def test_a_uv_project_is_satisfied(tmp_path: Path, tools: Tools, index: Index) -> None:
    """What the Pulumi CLI runs before everything, `uv sync --inexact`, finds nothing to do, with no index."""
    root = tmp_path / "pack"
    root.mkdir()
    project = '[project]\nname = "p"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["twigpkg"]\n'
    for path, file in python_pack(virtualenv=None, toolchain="uv", pyproject_toml=project).items():
        (root / path).write_bytes(file.data)
    subprocess.run([tools.uv, "lock"], cwd=root, env=tools.environment, check=True, capture_output=True)
    _, python, notes = develop(root, tools)
    assert python == root / ".venv" / "bin" / "python" and not notes
    index.broken = True
    sync = [tools.uv, "sync", "--inexact", "--frozen", "--offline"]
    done = subprocess.run(sync, cwd=root, env=tools.environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Installed" not in done.stderr and "Creating" not in done.stderr and "Removed" not in done.stderr
    assert run(python, "import leafpkg, twigpkg; print(twigpkg.value)") == "2.0"
