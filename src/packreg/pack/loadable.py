"""Whether a pack can be loaded where it is installed, as far as its files say; nothing runs.

Stricter than what makes a pack readable (`check`): an installed release is held to that alone, so that what
is learned here later never stops what runs today. An error must be near certain; all else is a warning.
"""

from __future__ import annotations

from collections.abc import Callable

from packreg.pack.conflict_marks import tell_conflicts
from packreg.pack.entry import Dependencies
from packreg.pack.files import Files
from packreg.pack.manifest import Manifest
from packreg.pack.nodejs_check import check_nodejs
from packreg.pack.npm_packages import NPM_LOCKS
from packreg.pack.other_tools import warn_of_node_locks
from packreg.pack.package_json import PackageJson
from packreg.pack.problems import Problems
from packreg.pack.python_check import check_python

#: Errors that say what others of these follow from: an unknown name is none where the source is broken.
_CAUSES = frozenset(("python-syntax", "several-packs", "merge-conflict", "entry-missing"))


def check_loadable(
    files: Files,
    manifest: Manifest | None,
    package_json: PackageJson | None,
    dependencies: Dependencies | None,
    left_out: Callable[[str], str],
    problems: Problems,
) -> None:
    """Add everything that keeps the pack from being loaded, or may, to `problems`.

    `left_out` says why a file that lies on disk is not in the pack ("" for any other path). The manifest and
    the rest are None as far as they could not be read.
    """
    if manifest is not None and manifest.runtime == "python" and dependencies is not None:
        check_python(files, dependencies, left_out, problems)
    elif manifest is not None and manifest.runtime == "nodejs":
        warn_of_node_locks(files, any(path in files for path in NPM_LOCKS), problems)
        if package_json is not None:
            check_nodejs(files, manifest, package_json, left_out, problems)
    tell_conflicts(files, problems)
    if any(problem.code in _CAUSES for problem in problems.errors):
        problems.errors[:] = [problem for problem in problems.errors if problem.code != "name-unknown"]
