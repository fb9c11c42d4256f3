"""Make `azure_types.txt` from Pulumi's SDK for Python: its types, their parents, and their shapes.

pip download --no-deps pulumi-azure-native && unzip -q pulumi_azure_native-*.whl -d sdk
python -m tests.states.inventory.azure_types sdk > src/packreg/states/inventory/azure_types.txt
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path

_TYPE = re.compile(
    r'@pulumi\.type_token\("azure-native:([a-z0-9]+):(\w+)"\)\nclass \w+\(pulumi\.CustomResource\)'
)
_INIT = re.compile(r"def __init__\(__self__, \*,(.*?)\):", re.DOTALL)
_REQUIRED = re.compile(r"^\s+(\w+): pulumi\.Input\[(.*)\],?$", re.MULTILINE)


def types(sdk: Path) -> dict[str, list[str]]:
    """By module, its types as the list writes them."""
    found: dict[str, dict[str, tuple[bool, list[str]]]] = defaultdict(dict)
    for path in sorted(sdk.glob("pulumi_azure_native/*/*.py")):
        text = path.read_text("utf-8")
        match = _TYPE.search(text)
        if match is None:
            continue
        module, name = match.groups()
        arguments = _INIT.search(text, max(text.find(f"class {name}Args"), 0))
        required = dict(_REQUIRED.findall(arguments[1] if arguments else ""))
        parents = [
            given.removesuffix("_name").replace("_", "")
            for given, kind in required.items()
            if given.endswith("_name") and given != "resource_group_name" and kind == "_builtins.str"
        ]
        if required.keys() & {"scope", "resource_uri", "resource_id"}:
            parents.append("scope")
        found[module][name] = ("def properties(self)" in text, parents)
    return {module: sorted(_written(within)) for module, within in sorted(found.items())}


def _written(within: dict[str, tuple[bool, list[str]]]) -> list[str]:
    """Names with their marks; a parent counts if a type of the module is called so, or if it is any."""
    names = [name.lower() for name in within]
    lines = []
    for name, (whole, parents) in within.items():
        real = [
            each
            for each in parents
            if each in ("resource", "scope") or any(known.endswith(each) for known in names)
        ]
        lines.append("".join([name, "*" if whole else "", *(f"<{each}" for each in real)]))
    return lines


if __name__ == "__main__":
    for module, lines in types(Path(sys.argv[1])).items():
        print(module, *lines)
