"""What the pack's policies ask."""

from pulumi_policy import ReportViolation, ResourceValidationArgs


def private(args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
    """Refuse a bucket that is open to everybody."""
    if args.props.get("acl", "").startswith("public"):
        report_violation(f"{args.name} is open to everybody")
