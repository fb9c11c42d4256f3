"""What the benchmarks of running packs judge: packs of each runtime with the same policies, and states."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: One resource in twenty lacks encryption; every policy looks at every resource. Nothing denies. The OPA pack
#: has no policy for the stack, so that its figures are those of resources.
PYTHON = """
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy, StackValidationPolicy

def encrypted(args, report):
    if not args.props["encryption"]["enabled"]:
        report(f"{args.name} must be encrypted")

def tagged(args, report):
    for tag in ("owner", "cost"):
        if tag not in args.props.get("tags", {}):
            report(f"{args.name} has no tag {tag}")

def described(args, report):
    if not args.props.get("description"):
        report(f"{args.name} has no description")

def closed(args, report):
    for rule in args.props.get("rules", []):
        if rule["cidr"] == "0.0.0.0/0" and rule["port"] != 443:
            report(f"{args.name} is open to everybody")

def unique(args, report):
    names = [resource.name for resource in args.resources]
    if len(set(names)) < len(names):
        report("names are used twice")

PolicyPack("NAME", enforcement_level=EnforcementLevel.ADVISORY, policies=[
    ResourceValidationPolicy("encrypted", "Everything is encrypted.", encrypted),
    ResourceValidationPolicy("tagged", "Everything has its tags.", tagged),
    ResourceValidationPolicy("described", "Everything is described.", described),
    ResourceValidationPolicy("closed", "Nothing is open to everybody.", closed),
    StackValidationPolicy("unique", "Names are unique.", unique),
])
"""
TYPESCRIPT = """
import { PolicyPack, ReportViolation, ResourceValidationArgs, StackValidationArgs } from "@pulumi/policy";

const encrypted = (args: ResourceValidationArgs, report: ReportViolation): void => {
    if (!args.props.encryption.enabled) report(`${args.name} must be encrypted`);
};
const tagged = (args: ResourceValidationArgs, report: ReportViolation): void => {
    for (const tag of ["owner", "cost"]) {
        if (!(tag in (args.props.tags ?? {}))) report(`${args.name} has no tag ${tag}`);
    }
};
const described = (args: ResourceValidationArgs, report: ReportViolation): void => {
    if (!args.props.description) report(`${args.name} has no description`);
};
const closed = (args: ResourceValidationArgs, report: ReportViolation): void => {
    for (const rule of args.props.rules ?? []) {
        if (rule.cidr === "0.0.0.0/0" && rule.port !== 443) report(`${args.name} is open to everybody`);
    }
};
const unique = (args: StackValidationArgs, report: ReportViolation): void => {
    const names = args.resources.map(resource => resource.name);
    if (new Set(names).size < names.length) report("names are used twice");
};

new PolicyPack("NAME", {
    enforcementLevel: "advisory",
    policies: [
        { name: "encrypted", description: "Everything is encrypted.", validateResource: encrypted },
        { name: "tagged", description: "Everything has its tags.", validateResource: tagged },
        { name: "described", description: "Everything is described.", validateResource: described },
        { name: "closed", description: "Nothing is open to everybody.", validateResource: closed },
        { name: "unique", description: "Names are unique.", validateStack: unique },
    ],
});
"""
REGO = """
package NAME

warn_encrypted[msg] {
  not input.encryption.enabled
  msg := sprintf("%s must be encrypted", [input.__name])
}
warn_tagged[msg] {
  tag := ["owner", "cost"][_]
  not input.tags[tag]
  msg := sprintf("%s has no tag %s", [input.__name, tag])
}
warn_described[msg] { not input.description; msg := sprintf("%s has no description", [input.__name]) }
warn_closed[msg] {
  rule := input.rules[_]
  rule.cidr == "0.0.0.0/0"
  rule.port != 443
  msg := sprintf("%s is open to everybody", [input.__name])
}
"""
_PYTHON_MANIFEST = "runtime:\n  name: python\n  options:\n    virtualenv: venv\nversion: 1.0.0\n"
_TSCONFIG = {
    "compilerOptions": {"target": "es2020", "module": "commonjs", "strict": True, "skipLibCheck": True}
}


def write_pack(directory: Path, runtime: str) -> Path:
    """A pack of this runtime, called like its directory; nothing is installed yet."""
    directory.mkdir(parents=True)
    name = directory.name if runtime != "opa" else directory.name.replace("-", "_")
    files = {
        "python": {
            "PulumiPolicy.yaml": _PYTHON_MANIFEST,
            "__main__.py": PYTHON,
            "requirements.txt": "pulumi>=3,<4\npulumi-policy>=1,<2\n",
        },
        "typescript": {
            "PulumiPolicy.yaml": "runtime: nodejs\n",
            "index.ts": TYPESCRIPT,
            "tsconfig.json": json.dumps({**_TSCONFIG, "files": ["index.ts"]}),
            "package.json": json.dumps(
                {
                    "name": name,
                    "version": "1.0.0",
                    "main": "index.ts",
                    "dependencies": {"@pulumi/policy": "^1.20.0"},
                    "devDependencies": {"@types/node": "^20"},
                }
            ),
        },
        "opa": {"PulumiPolicy.yaml": "runtime: opa\nversion: 1.0.0\n", "rules.rego": REGO},
    }[runtime]
    for path, text in files.items():
        (directory / path).write_text(text.replace("NAME", name), "utf-8")
    return directory


def resources(count: int) -> Iterator[dict[str, Any]]:
    """Resources of a state, after the stack's own: of 40 types, one in twenty without encryption."""
    root = "urn:pulumi:dev::bench::pulumi:pulumi:Stack::bench-dev"
    yield {"urn": root, "type": "pulumi:pulumi:Stack", "custom": False, "inputs": _properties(1)}
    for number in range(1, count):
        kind = f"cloud:index:Type{number % 40}"
        properties = _properties(number)
        yield {
            "urn": f"urn:pulumi:dev::bench::{kind}::resource-{number}",
            "type": kind,
            "custom": True,
            "id": f"id-{number}",
            "parent": root,
            "inputs": properties,
            "outputs": {**properties, "arn": f"arn:cloud:::{number}", "state": "ready"},
        }


def _properties(number: int) -> dict[str, Any]:
    return {
        "encryption": {"enabled": number % 20 != 0, "key": "alias/main"},
        "tags": {"owner": "team", "cost": "42"},
        "size": number,
        "rules": [{"port": 443, "cidr": "10.0.0.0/8"}, {"port": 80, "cidr": "10.1.0.0/16"}],
        "description": "a resource like many others",
    }


def state(count: int) -> bytes:
    """What `pulumi stack export` would write of them."""
    return json.dumps({"version": 3, "deployment": {"resources": list(resources(count))}}).encode()
