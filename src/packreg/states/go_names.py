"""Names of objects as Pulumi's Go library writes them: some characters are escaped as `__0x<hex>__`.

Source: `escapeKey` of s3blob, gcsblob and azureblob in gocloud.dev. Stores differ in what they take; escaped
here is what all of them escape and can be in the name of a project or a stack: the slash behind "..".
"""

from __future__ import annotations

import re

_ESCAPED = re.compile(r"__0x([0-9a-f]{1,6})__")
_TO_ESCAPE = re.compile(r"(?<=\.\.)/")


def escaped(name: str) -> str:
    """The name of the object in the bucket, for the name of a file of the backend."""
    return _TO_ESCAPE.sub("__0x2f__", name)


def unescaped(name: str) -> str:
    """The name of a file of the backend, for the name of its object in the bucket."""
    return _ESCAPED.sub(lambda found: _character(found[0], int(found[1], 16)), name)


def _character(written: str, number: int) -> str:
    return chr(number) if number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF else written
