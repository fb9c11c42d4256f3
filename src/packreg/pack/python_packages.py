"""Which modules the distributions of PyPI contain, as far as can be known without opening their wheels.

A distribution may contain any modules, and only its wheel says which. Tables here list those of the SDK with
its dependencies, and of some common distributions whose modules have another name. For all others the guess
is that the module is named like the distribution.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection

from packaging.utils import canonicalize_name

SDK = "pulumi-policy"
#: The modules that pulumi, pulumi-policy and their dependencies contain, over all their versions.
_OF_SDK = frozenset((
    "pulumi", "pulumi_policy", "google", "grpc", "dill", "six", "semver", "yaml", "debugpy", "pip",
    "setuptools", "pkg_resources", "wheel", "typing_extensions", "attr", "attrs", "_distutils_hack",
))  # fmt: skip
#: Modules whose distribution has another name.
_MODULES = {
    "pyyaml": ("yaml",),
    "python-dateutil": ("dateutil",),
    "beautifulsoup4": ("bs4",),
    "pillow": ("PIL",),
    "scikit-learn": ("sklearn",),
    "protobuf": ("google",),
    "grpcio": ("grpc",),
    "attrs": ("attr", "attrs"),
    "setuptools": ("setuptools", "pkg_resources", "_distutils_hack", "distutils"),
    "python-dotenv": ("dotenv",),
    "pyjwt": ("jwt",),
    "gitpython": ("git",),
    "pygithub": ("github",),
    "opencv-python": ("cv2",),
    "msgpack-python": ("msgpack",),
    "python-hcl2": ("hcl2",),
    "ruamel-yaml": ("ruamel",),
    "importlib-metadata": ("importlib_metadata",),
    "azure-identity": ("azure",),
    "azure-core": ("azure",),
    "azure-mgmt-core": ("azure",),
    "google-auth": ("google",),
    "google-cloud-storage": ("google",),
    "pycryptodome": ("Crypto",),
    "pyopenssl": ("OpenSSL",),
    "psycopg2-binary": ("psycopg2",),
    "faiss-cpu": ("faiss",),
    "pytest": ("pytest", "_pytest"),
}
#: The distributions in the lock of a pack that depends on the SDK alone.
_OF_SDK_DISTRIBUTIONS = frozenset((
    "dill", "six", "semver", "debugpy", "pip", "wheel", "typing-extensions", "parver", "arpeggio",
))  # fmt: skip
#: Modules in the standard library of some Python that is still used, or that only some platforms have.
_STANDARD = frozenset((
    "distutils", "asynchat", "asyncore", "imp", "smtpd", "cgi", "cgitb", "crypt", "telnetlib", "pipes",
    "audioop", "chunk", "imghdr", "mailcap", "msilib", "nis", "nntplib", "ossaudiodev", "sndhdr",
    "spwd", "sunau", "uu", "xdrlib", "lib2to3", "tomllib", "compression", "annotationlib", "concurrent",
))  # fmt: skip


def is_standard(module: str) -> bool:
    """Whether a top-level module is in the standard library of some Python in use."""
    return module in sys.stdlib_module_names or module in _STANDARD or module == "__main__"


def may_bring(distributions: Collection[str], module: str) -> bool:
    """Whether one of these distributions (normalised names) is likely to contain a top-level module."""
    if module in _OF_SDK and not {"pulumi", SDK}.isdisjoint(distributions):
        return True
    return any(_likely(distribution, module) for distribution in distributions)


def cannot_bring(distributions: Collection[str], module: str, *, whole: bool) -> bool:
    """Whether surely none of these distributions (normalised names) contains a top-level module.

    `whole` says that nothing else is installed, as with a lock. False if the modules of one of the
    distributions are not known.
    """
    if may_bring(distributions, module):
        return False
    known = {"pulumi", SDK} | (_MODULES.keys() | _OF_SDK_DISTRIBUTIONS if whole else set())
    return all(name in known or (whole and name.startswith("pulumi-")) for name in distributions)


def _likely(distribution: str, module: str) -> bool:
    """Whether a module may belong to this distribution: by the table, or by a similar name."""
    if module in _MODULES.get(distribution, ()):
        return True
    words = set(re.split(r"[-._]", distribution))
    own = canonicalize_name(module).strip("-")
    return (
        own == distribution
        or own.replace("-", "") == distribution.replace("-", "")
        or own in words
        or distribution in (f"python-{own}", f"py{own}", f"{own}-python", f"{own}-py", f"lib{own}")
        or (len(own) > 3 and own in distribution)
        or (len(distribution) > 3 and distribution in own)
    )
