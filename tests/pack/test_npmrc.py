"""The scopes of a pack's .npmrc, and never its tokens."""

from __future__ import annotations

import pytest

from packreg.pack.npmrc import private_scopes, scoped_registries


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("@acme:registry=https://npm.corp.example/", {"@acme": "npm.corp.example"}),
        (" @Acme:registry = \"https://u:secret@n.example:8/?t=secret\"", {"@acme": "n.example"}),
        ("registry=https://npm.corp.example", {"": "npm.corp.example"}),
        ("@acme:registry=${NPM_REGISTRY}", {"@acme": "a variable"}),
        ("@acme:registry=https://[bad", {"@acme": "a variable"}),
        ("//npm.corp.example/:_authToken=secret", {}),
        ("_auth=secret", {}),
        ("; @acme:registry=https://x", {}),
        ("# registry=https://x", {}),
    ],
)  # fmt: skip
def test_only_registries_are_read(line: str, found: dict[str, str]) -> None:
    """Scopes and hosts, without credentials; every other line is passed over."""
    read = scoped_registries(b"save=true\n" + line.encode() + b"\n")
    assert read == found and "secret" not in str(read)


def test_a_scope_counts_that_is_used_and_not_public() -> None:
    """A scope at the public registry is nobody's own, and one without a package asks for nothing."""
    registries = {
        "@acme": "npm.corp.example",
        "@pulumi": "registry.npmjs.org",
        "@b": "x.example",
        "": "y.example",
    }
    packages = frozenset(("@acme/rules", "@pulumi/policy", "plain"))
    assert private_scopes(registries, packages) == {"@acme": "npm.corp.example"}
