"""The program that builds a wheel: `python -I wheel_builder.py SYS_PATH SOURCE TARGET INSTALLER`.

Its working directory is one of packreg's. It prints the path of the wheel; or, with exit status 1, the output
of the tool that failed. It is run by its path, so it imports nothing of packreg.
"""

from __future__ import annotations

import json
import subprocess
import sys


def main(words: list[str]) -> int:
    """Build the wheel; `words` are the arguments. Returns the exit status."""
    sys.path[:] = json.loads(words[0])
    source, target, installer = words[1:]
    from build import BuildBackendException, BuildException, ProjectBuilder
    from build.env import DefaultIsolatedEnv
    from pyproject_hooks import quiet_subprocess_runner

    try:
        with DefaultIsolatedEnv(installer=installer) as environment:  # type: ignore[arg-type]
            builder = ProjectBuilder.from_isolated_env(environment, source, runner=quiet_subprocess_runner)
            environment.install(builder.build_system_requires)
            environment.install(builder.get_requires_for_build("wheel"))
            sys.stdout.write(builder.build("wheel", target))
            return 0
    except (BuildException, BuildBackendException, subprocess.CalledProcessError) as error:
        sys.stdout.write(_output(error))
        return 1


def _output(error: Exception) -> str:
    """What the tool that failed wrote, or what the error says."""
    cause = getattr(error, "exception", None) or error
    if not isinstance(cause, subprocess.CalledProcessError):
        return str(error)
    output = b"".join(part for part in (cause.output, cause.stderr) if isinstance(part, bytes))
    return output.decode("utf-8", "replace").strip() or str(cause)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
