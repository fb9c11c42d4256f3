"""The analyzer process that the Pulumi CLI starts: `pulumi-analyzer-policy-packreg`.

If the guard is an executable file, the CLI starts it in the directory of the Pulumi program; if it is a
directory with a PulumiPolicy.yaml, in that directory, and the guard then changes to the CLI's own. Settings
come from the environment and the user, never from the project: whoever may edit the project must not choose
what judges it. The arguments (the engine's address, options) are not used. The first line of standard output
is the port; the CLI shows the lines after it among its diagnostics.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from packreg.errors import PackregError
from packreg.services.clock import precisely_now
from packreg.services.log import log_line, wants_json_log
from packreg.services.notify import Notify
from packreg.text import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psutil import Process

    from packreg.guard.exceptions import Exceptions
    from packreg.services.log import Level
    from packreg.services.workspace import Workspace


class Diagnostics(Notify):
    """Prints messages for the user, which the CLI shows among its diagnostics.

    If the environment asks for JSON, they are lines of JSON on stderr instead, for machines.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._json = False
        with suppress(PackregError):  # a format that does not exist must not stop a deployment
            self._json = wants_json_log(environ)

    def say(self, text: str) -> None:
        """Print a line."""
        self._tell("info", text)

    def warn(self, text: str, hint: str = "") -> None:
        """Print a warning."""
        self._tell("warning", text, hint)

    def _tell(self, level: Level, text: str, hint: str = "") -> None:
        with suppress(OSError):  # nobody is there to read it
            if self._json:
                line = log_line(precisely_now(), level, text, command="guard", hint=hint)
                print(line, file=sys.stderr, flush=True)  # noqa: T201
            else:
                print(plain(f"packreg: {text}"), flush=True)  # noqa: T201  the CLI reads what an analyzer writes


def main() -> None:
    """Serve until the CLI ends the guard, then exit, even if calls are still pending."""
    from packreg.guard.life import Life

    life = Life()  # signals are handled from here on
    from packreg._version import __version__
    from packreg.guard.backend import GuardBackend
    from packreg.guard.callers import Callers
    from packreg.guard.exceptions import exceptions_of
    from packreg.guard.guard import Guard
    from packreg.guard.server import GuardService, listen
    from packreg.services.defects import described
    from packreg.services.guard_forms import is_guard
    from packreg.services.workspace import Workspace
    from packreg.threads import in_background

    _work_where_the_cli_does()
    # gRPC would write a line to stderr for a pack that ends during a call; the guard reports that itself.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    diagnostics = Diagnostics(os.environ)
    workspace = Workspace(os.environ, notify=diagnostics)
    office = GuardBackend(workspace)
    guard = Guard(
        office.prepare,
        office.keep,
        office.begin,
        version=__version__,
        say=diagnostics.say,
        fail_open=failing_open(workspace),
    )

    def defect(error: Exception) -> str:
        failure = described(workspace, error)
        return f"{failure}\nhint: {failure.hint}"

    def exceptions(cli: Process | None) -> Exceptions:
        return exceptions_of(cli, os.environ, is_guard)

    server, port = listen(GuardService(guard, life.end, defect, Callers(), exceptions))
    print(port, flush=True)  # noqa: T201  the protocol's first line
    if passed_over(workspace):
        diagnostics.say(
            "the project's packreg.toml is not followed here; PACKREG_REGISTRY names the registry"
        )
    server.start()  # only now, so that messages of calls come after these lines
    in_background(office.look_ahead)  # while the CLI connects
    life.wait()
    guard.close()
    server.stop(0.5).wait()  # the CLI's Cancel still waits for its answer
    workspace.close()
    life.leave()


def failing_open(workspace: Workspace) -> str:
    """Which setting turns `fail_open` on, in words; "" if none does or the settings cannot be read."""
    from packreg.services import enforce

    with suppress(PackregError):  # which comes up again when the registry is asked
        return enforce.failing_open(workspace)
    return ""


def passed_over(workspace: Workspace) -> bool:
    """Whether a project's settings are ignored, and the environment does not name the registry."""
    with suppress(PackregError):  # which comes up again when the registry is asked
        return bool(workspace.settings.passed_over) and not workspace.environ.get("PACKREG_REGISTRY")
    return False


def _work_where_the_cli_does() -> None:
    """Change from the guard's own directory to the working directory of the CLI."""
    from packreg.services.guard_forms import DIRECTORY

    with suppress(OSError):
        if not Path.cwd().samefile(DIRECTORY):
            return
        for place in (f"/proc/{os.getppid()}/cwd", os.environ.get("PWD", "")):
            if place and Path(place).is_dir():
                os.chdir(place)
                return


if __name__ == "__main__":
    main()
