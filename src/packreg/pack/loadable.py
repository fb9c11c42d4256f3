"""Check from a pack's files whether it can be loaded where it is installed; nothing runs.

Only new packs are checked so. An installed release must only be readable (`check`), so that a check added
here later never stops a pack that runs today. Only what is almost certain to fail is an error; all else is a
warning.
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

#: Errors that explain an error `name-unknown`, which is then dropped: no name is found in broken source.
_CAUSES = frozenset(("python-syntax", "several-packs", "merge-conflict", "entry-missing"))


def check_loadable(
    files: Files,
    manifest: Manifest | None,
    package_json: PackageJson | None,
    dependencies: Dependencies | None,
    left_out: Callable[[str], str],
    problems: Problems,
) -> None:
    """Add everything that prevents the pack from being loaded, or may, to `problems`.

    `left_out` says why a file that lies on disk is not in the pack ("" for any other path). The manifest,
    `package_json` and `dependencies` are None where they could not be read.
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
