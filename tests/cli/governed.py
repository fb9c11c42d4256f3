"""Registries that are made once for a module of tests, and people with a copy of their own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import User

BUCKET = "demo:index:Bucket"
#: Denies open buckets, and advises owners.
GUARD = """package guard

import rego.v1

# METADATA
# description: A bucket is never open to the public.
deny_open contains message if {
	input.type == "demo:index:Bucket"
	input.acl == "public"
	message := "it is open to the public"
}

# METADATA
# description: A bucket says who owns it.
warn_owner contains message if {
	input.type == "demo:index:Bucket"
	not input.owner
	message := "it has no owner"
}
"""


class _Unheard:
    """Stands where output would be captured, when nobody looks at it."""

    def readouterr(self) -> tuple[str, str]:
        """Nothing."""
        return "", ""


def founder(top: Path) -> User:
    """Somebody who makes the registry `top/registry` before any test runs."""
    user = User(top, top, _Unheard(), pytest.MonkeyPatch())  # type: ignore[arg-type]
    user.extra |= {"PACKREG_REGISTRY": str(top / "registry"), "PACKREG_HOME": str(top / "home")}
    user.must("init", "--quiet")
    return user


def moved_in(user: User, top: Path) -> User:
    """The user with a copy of that registry, which is theirs to change; what is installed is shared."""
    shutil.copytree(top / "registry", user.top / "registry")
    user.extra |= {"PACKREG_REGISTRY": str(user.top / "registry"), "PACKREG_HOME": str(top / "home")}
    user.extra["XDG_STATE_HOME"] = str(top / "user" / ".local" / "state")
    return user


def state_of(project: str, stack: str, buckets: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A checkpoint of a stack with these buckets."""
    root = f"urn:pulumi:{stack}::{project}::pulumi:pulumi:Stack::{project}-{stack}"
    resources: list[dict[str, Any]] = [{"urn": root, "type": "pulumi:pulumi:Stack", "custom": False}]
    for name, inputs in buckets.items():
        urn = f"urn:pulumi:{stack}::{project}::{BUCKET}::{name}"
        custom = {"custom": True, "id": name, "inputs": inputs, "outputs": inputs, "parent": root}
        resources.append({"urn": urn, "type": BUCKET, **custom})
    return {
        "version": 3,
        "deployment": {"manifest": {"time": "", "magic": "", "version": ""}, "resources": resources},
    }


def write_state(path: Path, project: str, stack: str, buckets: Mapping[str, Mapping[str, Any]]) -> Path:
    """Write what `pulumi stack export` would."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(state_of(project, stack, buckets)))
    return path


def write_stack(backend: Path, project: str, stack: str, buckets: Mapping[str, Mapping[str, Any]]) -> Path:
    """Write a stack into a project-scoped backend in a directory."""
    (backend / ".pulumi").mkdir(parents=True, exist_ok=True)
    (backend / ".pulumi" / "meta.yaml").write_text("version: 1\n")
    state = state_of(project, stack, buckets)
    path = backend / ".pulumi" / "stacks" / project / f"{stack}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps(
            {
                "version": 3,
                "checkpoint": {"stack": f"organization/{project}/{stack}", "latest": state["deployment"]},
            }
        )
    )
    return path


def write_tags(backend: Path, stack: str, **tags: str) -> Path:
    """Write the tags of a stack, as `pulumi stack tag set` does."""
    path = backend / ".pulumi" / "stacks" / f"{stack}.pulumi-tags"
    path.write_text(json.dumps({"version": 1, "tags": tags}))
    return path


OPEN: dict[str, Mapping[str, Any]] = {"open": {"acl": "public", "owner": "ada"}}
GOOD: dict[str, Mapping[str, Any]] = {"good": {"acl": "private", "owner": "ada"}}
UNOWNED: dict[str, Mapping[str, Any]] = {"mine": {"acl": "private"}}
