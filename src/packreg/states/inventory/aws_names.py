"""AWS's names of types and properties as Pulumi's `aws-native` provider spells them.

The rule is aws-native's own (provider/pkg/naming): in a run of capitals and digits, all but the first become
lower case. The last character of a run starts the next word, unless the run ends the name or is a plural
(`ARNs`). Compared with @pulumi/aws-native 1.79.0: of the 1,132 types whose AWS name is in its documentation,
all agree except two, which it has in the module of another service.
"""

from __future__ import annotations

import re
from typing import Any

_ACRONYM = re.compile(r"[A-Z0-9]{2,}(?=\Z|s(?:\Z|[A-Z0-9]))|[A-Z0-9]+(?=[A-Z0-9])", re.ASCII)
#: Modules with another name than the AWS service.
_MODULES = {"Config": "configuration"}
_TYPE = re.compile(r"AWS::([A-Za-z0-9]+)::([A-Za-z0-9]+)", re.ASCII)


def type_token(aws_type: str) -> str:
    """The Pulumi type of an AWS type: `aws-native:ec2:Vpc` for `AWS::EC2::VPC`; "" if it is not AWS's own."""
    match = _TYPE.fullmatch(aws_type)
    if match is None:
        return ""
    module = _MODULES.get(match[1], match[1].lower())
    return f"aws-native:{module}:{_lowered(match[2])}"


def properties(value: Any) -> Any:
    """A resource's properties with keys in lower camel case, also in policy documents, as in aws-native."""
    if isinstance(value, dict):
        return {property_name(name): properties(item) for name, item in value.items()}
    if isinstance(value, list):
        return [properties(item) for item in value]
    return value


def property_name(name: str) -> str:
    """The Pulumi name of an AWS property: `sseSpecification` for `SSESpecification`."""
    lowered = _lowered(name)
    return lowered[:1].lower() + lowered[1:] if lowered[:1].isascii() else lowered


def _lowered(name: str) -> str:
    return _ACRONYM.sub(lambda run: run[0][0] + run[0][1:].lower(), name)
