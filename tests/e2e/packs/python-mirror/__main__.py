"""Reports all that it is shown, so that two hosts can be compared value by value."""

import json
from collections.abc import Mapping, Sequence

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)


def plain(value: object) -> object:
    """What stands behind the SDK's views of a resource: they are mappings, sequences or have attributes."""
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, Sequence) else vars(value)


def text(value: object) -> str:
    """All of a value."""
    return json.dumps(value, sort_keys=True, default=plain)


def provider(shown: object) -> object:
    """All of a provider, or None."""
    return shown and [shown.resource_type, shown.urn, shown.name, shown.props]


def resource(args: ResourceValidationArgs, report: ReportViolation) -> None:
    """Report all of a resource."""
    report(text([args.resource_type, args.urn, args.name, args.props, args.opts, provider(args.provider)]))


def stack(args: StackValidationArgs, report: ReportViolation) -> None:
    """Report all of every resource."""
    for each in args.resources:
        dependencies = [other.urn for other in each.dependencies]
        by_property = {name: [r.urn for r in others] for name, others in each.property_dependencies.items()}
        parent = each.parent and each.parent.urn
        shown = [each.resource_type, each.urn, each.name, each.props, each.opts, provider(each.provider)]
        report(text([*shown, parent, dependencies, by_property]), each.urn)


PolicyPack(
    "python-mirror",
    [
        ResourceValidationPolicy("resource", "What a resource policy sees.", resource),
        StackValidationPolicy("stack", "What a stack policy sees.", stack),
    ],
    EnforcementLevel.ADVISORY,
)
