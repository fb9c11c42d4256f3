"""Rules for the metadata of a pack that is published: names agree and can be used, schemas compile.

`pack.metadata.faults` checks metadata whenever it is read, from a running pack or a record. These rules are
checked in addition at publish, so that readers of a record can rely on them.
"""

from __future__ import annotations

from collections.abc import Iterator

from packreg.configuration.schema import PolicySchema, schema_problem
from packreg.errors import Problem
from packreg.pack.metadata import PackInfo
from packreg.pack.paths import shown


def metadata_problems(info: PackInfo, name: str, version: str, runtime: str) -> Iterator[Problem]:
    """Everything wrong with the metadata of a running pack that is to be published as `name@version`.

    Names are compared without case, as packs' names are folded. The version counts for Node.js, whose SDK
    reads it from package.json; Python's SDK says 0.0.1 of every pack.
    """
    if info.name.lower() != name:
        message = f"the running pack calls itself '{shown(info.name)}', not {name}"
        yield Problem("name-differs", message, "", f"publish it as {shown(info.name.lower())}, or rename it")
    if runtime == "nodejs" and info.version and info.version != version:
        message = f"the running pack says that its version is {shown(info.version)}, not {version}"
        yield Problem("version-differs", message, "package.json", "write the version in package.json only")
    for policy in info.policies:
        what = f"the policy '{shown(policy.name)}'"
        if not policy.name.isprintable() or policy.name != policy.name.strip():
            message = f"{what} has a name that configurations cannot spell safely"
            yield Problem(
                "policy-name", message, "", "remove control characters, and white space at its ends"
            )
        if policy.schema is not None:
            schema = PolicySchema(policy.schema.properties, policy.schema.required)
            if problem := schema_problem(schema):
                yield Problem("policy-schema", f"the configuration schema of {what}: {problem}")
    for policy_name in info.initial:
        if not policy_name.isprintable():
            yield Problem(
                "policy-name",
                f"initialConfig names '{shown(policy_name)}', which cannot be the name of a policy",
            )
