"""Installing or unpacking releases at once, each failure beside others' success. Does not load click."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from packreg.errors import PackregError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from packreg.install.installer import Installed, Installer
    from packreg.install.private import Unpacked
    from packreg.pack.reference import Reference
    from packreg.services.workspace import Workspace

A = TypeVar("A")

#: Packs that are installed at once: downloads overlap, and uv and npm use all processors on their own.
AT_ONCE = 4


class Wanted(NamedTuple):
    """A release to install, and the digest that it must have, if a lock says so."""

    reference: Reference
    digest: str | None = None


class Failed(NamedTuple):
    """A release that could not be installed, and why."""

    reference: Reference
    error: PackregError


def install_all(
    workspace: Workspace, wanted: Sequence[Wanted], options: dict[str, Any], *, show: bool = True
) -> list[Installed | Failed]:
    """Install everything, each failure beside the others' success, with progress on a terminal.

    Without `show` nothing is drawn, for whoever draws something else just now.
    """

    def install(installer: Installer, want: Wanted) -> Installed:
        return installer.install(want.reference, digest=want.digest, **options)

    return _all(workspace, wanted, install, show=show)


def unpack_all(
    workspace: Workspace, references: Sequence[Reference], options: dict[str, Any], *, show: bool = True
) -> list[Unpacked | Failed]:
    """Make everything ready to be run by this process, in its private place; the rest as `install_all`."""
    from packreg.install.unpacking import unpack

    def one(installer: Installer, want: Wanted) -> Unpacked:
        return unpack(installer, want.reference, workspace.private, **options)

    return _all(workspace, [Wanted(reference) for reference in references], one, show=show)


def _all(
    workspace: Workspace, wanted: Sequence[Wanted], one: Callable[[Installer, Wanted], A], *, show: bool
) -> list[A | Failed]:
    from packreg.services.notify import Work

    notify = workspace.notify
    with notify.working(len(wanted)) if show else nullcontext(Work(notify.detail)) as work:
        installer = workspace.installer(progress(work.show))

        def attempt(want: Wanted) -> A | Failed:
            try:
                return one(installer, want)
            except PackregError as error:
                return Failed(want.reference, error)
            finally:
                work.done()

        return workspace.at_once(AT_ONCE, attempt, wanted)


def progress(show: Callable[[str], None]) -> Callable[[str, str], None]:
    """What installers report to: the steps of all packs that are worked on, in one line."""
    steps: dict[str, str] = {}

    def tell(reference: str, step: str) -> None:
        steps[reference] = step
        show(", ".join(f"{name}: {doing}" for name, doing in list(steps.items())[-3:]))

    return tell
