"""What the oldest SDK can do: no remediations, no severities, no policy types, no ConfigureStack."""

from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)


def private(args: ResourceValidationArgs, report: ReportViolation) -> None:
    """A bucket has an allowed access list."""
    if (
        args.resource_type == "demo:index:Bucket"
        and args.props.get("acl") not in args.get_config()["allowed"]
    ):
        report(f"{args.name} has the access list {args.props.get('acl')}.")


def unique(args: StackValidationArgs, report: ReportViolation) -> None:
    """No two buckets share a name."""
    names = [resource.props.get("bucketName") for resource in args.resources]
    for resource in args.resources:
        if resource.props.get("bucketName") and names.count(resource.props["bucketName"]) > 1:
            report(f"{resource.name} shares its name.", resource.urn)


PolicyPack(
    "python-oldest",
    [
        ResourceValidationPolicy(
            "private",
            "A bucket has an allowed access list.",
            private,
            EnforcementLevel.MANDATORY,
            PolicyConfigSchema(
                {"allowed": {"type": "array", "items": {"type": "string"}, "default": ["private"]}}
            ),
        ),
        StackValidationPolicy("unique", "Names are unique.", unique),
    ],
    EnforcementLevel.ADVISORY,
)
