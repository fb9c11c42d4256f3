"""The pack; Pulumi runs this module by the name of the project."""

from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

from built_guard.rules import private

PolicyPack(
    "built-guard",
    [ResourceValidationPolicy("bucket-acl-private", "Buckets are private.", private)],
    EnforcementLevel.MANDATORY,
)
