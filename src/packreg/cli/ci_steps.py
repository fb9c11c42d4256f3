"""CI steps that make every preview and update run with the guard. Pure.

What a step installs runs with the credentials of the registry. So it comes from the place that the operator
sets (`[ci] install`), never from an index by the name `packreg`, which anybody may register there.
"""

from __future__ import annotations

import shlex

from packreg.errors import UsageError

_IMAGE = "docker://"
_HINT = (
    'write install = "…" below [ci] in your packreg.toml: the URL or path of a wheel, a git+https:// URL, '
    "or docker://IMAGE"
)

_GITHUB = """\
- name: Enforce policy packs
  shell: bash
  run: |
    {install}
    guard="$(packreg guard)"
    echo "PACKREG_REGISTRY={registry}" >> "$GITHUB_ENV"
    echo "PULUMI_OPTION_POLICY_PACK=$guard" >> "$GITHUB_ENV"
"""
_GITLAB = """\
.enforce-policy-packs:
  before_script:
    - {install}
    - guard="$(packreg guard)"
    - export PACKREG_REGISTRY="{registry}"
    - export PULUMI_OPTION_POLICY_PACK="$guard"
"""
STEPS = {"github": _GITHUB, "gitlab": _GITLAB}
#: The lines that set a job's image, before its steps (GitHub) or beside its script (GitLab).
_OF_THE_JOB = {"github": "container: {image}\nsteps:\n", "gitlab": "  image: {image}\n"}


def ci_step(service: str, *, install: str | None, registry: str) -> str:
    """The step for `github` or `gitlab` as YAML, without a final line break; `registry` is a URL.

    `install` is where packreg comes from: the path or URL of a wheel or a source archive, a `git+` URL, or
    `docker://IMAGE` for an image that has it. With an image, GitHub's text is a part of a job, not a step.

    Raises:
        UsageError: `install` is None, or a name that an index would look up.
    """
    image = checked_source(install)
    step = STEPS[service]
    if image is None:
        line = f"python3 -m pip install --quiet {shlex.quote(str(install))}"
        return step.format(install=line, registry=registry).rstrip("\n")
    lines = [line for line in step.splitlines(keepends=True) if "{install}" not in line]
    job = _OF_THE_JOB[service].format(image=image)
    if service == "github":
        text = job + "".join(f"  {line}" for line in lines)
    else:
        text = lines[0] + job + "".join(lines[1:])
    return text.format(registry=registry).rstrip("\n")


def checked_source(install: str | None) -> str | None:
    """The image that `install` names, or None for what pip installs. Raises what `ci_step` raises."""
    if install is None:
        raise UsageError("ci.install is not set, so a CI job would not know where to get packreg", hint=_HINT)
    image = install.removeprefix(_IMAGE)
    is_place = image != install or "/" in install or install.endswith((".whl", ".tar.gz", ".zip"))
    if not image or not is_place or not install.isprintable() or set(install) & set(" \t'\"\\`$"):
        raise UsageError(
            f"ci.install is {install!r}, which names no wheel, archive, git URL or image", hint=_HINT
        )
    return image if image != install else None
