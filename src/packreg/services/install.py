"""Releases are installed, with their steps shown. Does not load click."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from packreg.services.notify import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from packreg.install.installer import Installed, Installer
    from packreg.install.several import NotInstalled
    from packreg.pack.reference import Reference
    from packreg.services.workspace import Workspace


def install_releases(
    workspace: Workspace,
    references: Sequence[Reference],
    *,
    digests: Mapping[Reference, str] | None = None,
    **options: Any,
) -> list[Installed | NotInstalled]:
    """Install releases at the same time, in order, each or why it cannot be; as `Installer.install_all`."""
    with shown_installer(workspace, len(references)) as (installer, done):
        return installer.install_all(references, digests=digests, done=done, **options)


@contextmanager
def shown_installer(
    workspace: Workspace, total: int, *, show: bool = True
) -> Iterator[tuple[Installer, Callable[[], None]]]:
    """An installer whose steps are shown, and what to call when one of `total` releases is done.

    Without `show` nothing is drawn, for whoever draws something else just now.
    """
    notify = workspace.notify
    with notify.working(total) if show else nullcontext(Work(notify.detail)) as work:
        yield workspace.installer(_steps(work.show)), work.done


def _steps(show: Callable[[str], None]) -> Callable[[str, str], None]:
    """What installers report to: the steps of all packs that are worked on, in one line."""
    steps: dict[str, str] = {}

    def tell(reference: str, step: str) -> None:
        steps[reference] = step
        show(", ".join(f"{name}: {doing}" for name, doing in list(steps.items())[-3:]))

    return tell
