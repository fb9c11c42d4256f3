"""Which modules distributions bring: likely, surely not, and not known."""

from __future__ import annotations

import pytest

from packreg.pack.python_packages import cannot_bring, is_standard, may_bring


@pytest.mark.parametrize(
    ("distribution", "module"),
    [
        ("pyyaml", "yaml"), ("pulumi-policy", "grpc"), ("pulumi", "pkg_resources"),
        ("python-dateutil", "dateutil"),
        ("typing-extensions", "typing_extensions"), ("azure-mgmt-network", "azure"),
        ("pulumi-aws", "pulumi_aws"),
        ("python-slugify", "slugify"), ("acme-policies", "acme_policies"), ("acme-policies", "acme"),
    ],
)  # fmt: skip
def test_likely_modules(distribution: str, module: str) -> None:
    """By the table, by the SDK's own dependencies, or by a name that is nearly the same."""
    assert may_bring({distribution}, module)
    assert not cannot_bring({distribution}, module, whole=True)


@pytest.mark.parametrize(
    ("distributions", "whole", "sure"),
    [
        ({"pulumi-policy"}, False, True),
        ({"pulumi-policy", "pulumi-aws"}, False, False),
        ({"pulumi-policy", "pulumi-aws", "six"}, True, True),
        ({"pulumi-policy", "acme"}, True, False),
        ((), False, True),
    ],
)
def test_only_what_is_known_cannot_bring_a_module(distributions: set[str], whole: bool, sure: bool) -> None:
    """The SDK alone surely has no `requests`; a package nobody knows, or what others pull in, may."""
    assert not may_bring(distributions, "requests")
    assert cannot_bring(distributions, "requests", whole=whole) is sure


def test_the_standard_library_is_that_of_all_pythons() -> None:
    """Modules that a newer Python dropped, or an older one lacks, are not foreign."""
    assert all(map(is_standard, ("json", "distutils", "imp", "tomllib", "annotationlib", "__future__")))
    assert not is_standard("requests")
