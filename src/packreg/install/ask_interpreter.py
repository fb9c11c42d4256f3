"""What a Python interpreter says about itself, as JSON on stdout.

Run by path with any interpreter (`python -I -S ask_interpreter.py`), and called in process for our own. So it
imports nothing of packreg and nothing that is not in every Python since 3.8.
"""

import os
import sys


def facts():
    # type: () -> dict[str, str]
    """What compiled files and environments depend on: the fields of `interpreter.Interpreter`."""
    from importlib.machinery import EXTENSION_SUFFIXES

    try:
        libc = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, ValueError, OSError):  # macOS, musl, Windows: the suffix tells them apart
        libc = ""
    if hasattr(os, "uname"):
        machine = os.uname().machine
    else:
        from platform import machine as ask_windows

        machine = ask_windows()
    return {
        "path": os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable),
        "implementation": sys.implementation.name,
        "release": ".".join(str(part) for part in sys.version_info[:3]),
        "version": sys.version,
        "abi": EXTENSION_SUFFIXES[0] if EXTENSION_SUFFIXES else "",
        "cache_tag": sys.implementation.cache_tag or "",
        "system": sys.platform,
        "machine": machine,
        "libc": libc,
    }


if __name__ == "__main__":
    import json

    sys.stdout.write(json.dumps(facts()))
