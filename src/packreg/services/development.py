"""Make the environment of a pack directory, and refresh it when the pack's dependencies changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from packreg.errors import InvalidPack
from packreg.install.lock_dependencies import asked_for
from packreg.pack.problems import Problems
from packreg.services.check import UNNAMED, check_path, checked_pack, name_alone_is_unknown, with_wheel

if TYPE_CHECKING:
    from packreg.install.dev import Developed
    from packreg.pack.check import Pack
    from packreg.services.workspace import Workspace


def develop(
    workspace: Workspace,
    directory: Path,
    name: str | None = None,
    version: str | None = None,
    *,
    python: str | None = None,
    offline: bool = False,
) -> tuple[Pack, Developed]:
    """Make or refresh the environment of a pack directory; the pack as it runs, and what was done.

    Raises:
        PackregError: the pack breaks the rules, or the environment cannot be made.
    """
    from packreg.install.dev import dev

    written = checked_pack(workspace, directory, name, version)
    if written.runtime == "nodejs":
        from packreg.services.nodejs_findings import check_scopes

        found = Problems()
        check_scopes(written.files, Path(workspace.cwd, directory), workspace.tools, found)
        if found.errors:
            raise InvalidPack(f"the packages of {directory} cannot be asked for", tuple(found.errors))
    asked = asked_for(written, workspace.tools)
    pack = with_wheel(workspace, written)
    place = Path(workspace.cwd, directory).resolve()
    with workspace.notify.working() as work:
        done = dev(place, pack, workspace.tools, asked=asked, python=python, offline=offline, say=work.show)
    for note in done.notes:
        workspace.notify.warn(note)
    return pack, done


def keep_up(workspace: Workspace, directory: Path, *, python: str | None, offline: bool) -> None:
    """Refresh an environment that packreg made, if the dependencies changed; warn if another lacks some.

    A pack that breaks the rules is left as it is: it is run to see what it does.

    Raises:
        PackregError: the environment cannot be refreshed.
    """
    from packreg.install.dev import upkeep

    report, pack = check_path(workspace, directory, None, None)
    if name_alone_is_unknown(report):
        pack = check_path(workspace, directory, UNNAMED, None)[1]
    if pack is None:
        return
    wanted = upkeep(Path(workspace.cwd, directory).resolve(), pack, workspace.tools)
    if wanted.refresh:
        develop(workspace, directory, pack.name, python=python or wanted.python, offline=offline)
    elif wanted.lacking:
        workspace.notify.warn(
            f"the environment of {directory} lacks {', '.join(wanted.lacking)} of requirements.txt",
            f"run `packreg dev {directory}`, or `pip install -r requirements.txt` in that environment",
        )
