"""Every module of `src` has its test module, under the same path and name."""

from __future__ import annotations

from pathlib import Path

import packreg

SOURCE = Path(packreg.__file__).parent
TESTS = Path(__file__).parent

#: Not written by hand, or started as a whole by what is.
NONE_NEEDED = {"_version.py", "__main__.py", "analyzer/protocol/analyzer_pb2.py"}
#: Modules without one, and why. An entry that has its tests by now must go: the list can only shrink.
WITHOUT = {
    "cli/base.py": "the frame of every command, which test_app runs for each of them",
    "cli/context.py": "what every command is given, which each of their tests makes",
    "cli/progress.py": "draws on a terminal; the commands that show it are run",
    "guard/run.py": "types alone",
    "guard/server.py": "the process around test_guard, test_callers, test_life and test___main__",
    "pack/files.py": "types and limits alone; what they bound is tried where it is read",
}


def untested() -> set[str]:
    """The modules that have no test module in the same place."""
    modules = (path.relative_to(SOURCE) for path in SOURCE.rglob("*.py") if "templates" not in path.parts)
    return {
        module.as_posix()
        for module in modules
        if module.name != "__init__.py"
        and module.as_posix() not in NONE_NEEDED
        and not (TESTS / module.parent / f"test_{module.name}").exists()
    }


def test_every_module_has_its_test_module() -> None:
    """Who changes a module finds its tests without a search; exceptions are listed with their reason."""
    assert untested() == WITHOUT.keys()
