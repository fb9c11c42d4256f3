"""Releases are installed, with their steps shown. Does not load click."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from packreg.files import read_file
from packreg.install.installer import Installed
from packreg.install.marker import python_in_environment
from packreg.install.provision import NODE_MODULES
from packreg.pack.files import DEFAULT_LIMITS, MANIFEST
from packreg.pack.problems import Problems
from packreg.services.notify import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from packreg.install.installer import Installer
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
    """Install releases at the same time, in order, each or why it cannot be; as `Installer.install_all`.

    Whoever installs without `env` is told what is then left to them.
    """
    with shown_installer(workspace, len(references)) as (installer, done):
        results = installer.install_all(references, digests=digests, done=done, **options)
    if options.get("env", True):
        return results
    return [
        result._replace(notes=(*result.notes, *left_to_you(result)))
        if isinstance(result, Installed)
        else result
        for result in results
    ]


def left_to_you(installed: Installed) -> tuple[str, ...]:
    """What has to be done before the Pulumi CLI can start a pack that was installed without environment."""
    from packreg.pack.manifest import parse_manifest

    place, of = installed.path, installed.reference
    manifest = parse_manifest(read_file(place / MANIFEST, DEFAULT_LIMITS.unpacked), Problems())
    if manifest is None:
        return ()
    if manifest.runtime == "nodejs" and not (place / NODE_MODULES).exists():
        return (
            f"{of} has no {NODE_MODULES}, so nothing can start it before `npm install` was run in {place}",
        )
    if manifest.runtime != "python" or manifest.toolchain in ("uv", "poetry"):
        return ()
    if manifest.virtualenv is None:
        return (
            f"{of} names no environment, so the Pulumi CLI runs it with the Python on the PATH: run `pulumi` "
            "from a shell in which its dependencies are installed",
        )
    venv = place / manifest.virtualenv
    if (venv / python_in_environment()).exists():
        return ()
    return (
        f"{of} names the environment {manifest.virtualenv}, which is not there, so nothing can start it: "
        f"make it with `python3 -m venv {venv}` and `{venv}/bin/pip install -r {place}/requirements.txt`",
    )


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
