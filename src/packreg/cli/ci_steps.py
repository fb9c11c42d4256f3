"""Steps for build services that put the guard in front of every preview and update. Pure."""

from __future__ import annotations

_GITHUB = """\
- name: Enforce policy packs
  shell: bash
  run: |
    python3 -m pip install --quiet packreg=={version}
    guard="$(packreg guard)"
    echo "PACKREG_REGISTRY={registry}" >> "$GITHUB_ENV"
    echo "PULUMI_OPTION_POLICY_PACK=$guard" >> "$GITHUB_ENV"
"""
_GITLAB = """\
.enforce-policy-packs:
  before_script:
    - python3 -m pip install --quiet packreg=={version}
    - guard="$(packreg guard)"
    - export PACKREG_REGISTRY="{registry}"
    - export PULUMI_OPTION_POLICY_PACK="$guard"
"""
STEPS = {"github": _GITHUB, "gitlab": _GITLAB}


def ci_step(service: str, *, version: str, registry: str) -> str:
    """The step for `github` or `gitlab`, without a final line break: this version, that registry's URL."""
    return STEPS[service].format(version=version, registry=registry).rstrip("\n")
