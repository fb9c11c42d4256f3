"""Which modules the distributions of PyPI bring, as far as that can be known without looking into them.

A distribution may hold any modules, and only its wheel says which. Known are those of the SDK with all that
they bring, and of some common ones whose modules have another name; of the others it is likely that the
module is called like the distribution.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection

from packaging.utils import canonicalize_name

SDK = "pulumi-policy"
#: What pulumi and pulumi-policy bring, over all their versions.
_OF_SDK = frozenset((
    "pulumi", "pulumi_policy", "google", "grpc", "dill", "six", "semver", "yaml", "debugpy", "pip",
    "setuptools", "pkg_resources", "wheel", "typing_extensions", "attr", "attrs", "_distutils_hack",
))  # fmt: skip
#: Modules whose distribution is called otherwise.
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
#: The distributions that a lock of a pack with nothing but the SDK has.
_OF_SDK_DISTRIBUTIONS = frozenset((
    "dill", "six", "semver", "debugpy", "pip", "wheel", "typing-extensions", "parver", "arpeggio",
))  # fmt: skip
#: Names that were in the standard library of a Python that is still used, or are given by the platform.
_STANDARD = frozenset((
    "distutils", "asynchat", "asyncore", "imp", "smtpd", "cgi", "cgitb", "crypt", "telnetlib", "pipes",
    "audioop", "chunk", "imghdr", "mailcap", "msilib", "nis", "nntplib", "ossaudiodev", "sndhdr",
    "spwd", "sunau", "uu", "xdrlib", "lib2to3", "tomllib", "compression", "annotationlib", "concurrent",
))  # fmt: skip


def is_standard(module: str) -> bool:
    """Whether a top-level module is in the standard library of some Python in use."""
    return module in sys.stdlib_module_names or module in _STANDARD or module == "__main__"


def may_bring(distributions: Collection[str], module: str) -> bool:
    """Whether one of these distributions (normalised names) is likely to bring a top-level module."""
    if module in _OF_SDK and not {"pulumi", SDK}.isdisjoint(distributions):
        return True
    return any(_likely(distribution, module) for distribution in distributions)


def cannot_bring(distributions: Collection[str], module: str, *, whole: bool) -> bool:
    """Whether none of them can: `whole` says that they are all that is installed, as a lock does.

    False wherever one is a distribution whose modules are not known.
    """
    if may_bring(distributions, module):
        return False
    known = {"pulumi", SDK} | (_MODULES.keys() | _OF_SDK_DISTRIBUTIONS if whole else set())
    return all(name in known or (whole and name.startswith("pulumi-")) for name in distributions)


def _likely(distribution: str, module: str) -> bool:
    """Whether a module may be of this distribution: named in the table, or called nearly like it."""
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
