"""Fixtures for tests of installing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from packreg.install.home import Home
from packreg.install.installer import Installer
from packreg.install.lock_dependencies import lock_dependencies
from packreg.install.tools import Tools
from packreg.registry.record import Lock
from tests.install.shop import Index, Shop, Wheel, checked, kept_home, python_pack, serving, tools_in

#: Two small packages, one of which needs the other.
LEAF = Wheel("leafpkg", "1.0")
TWIG = Wheel("twigpkg", "2.0", ("leafpkg>=1",))
OTHER = Wheel("otherpkg", "3.0")
SDK = "pulumi>=3,<4\npulumi-policy>=1,<2\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home."""
    return kept_home(tmp_path / "home")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """An empty registry."""
    return Shop(tmp_path / "registry")


@pytest.fixture
def index() -> Iterator[Index]:
    """An index with three small packages."""
    with serving(LEAF, TWIG, OTHER) as index:
        yield index


@pytest.fixture
def tools(home: Home, index: Index, tmp_path: Path) -> Tools:
    """Tools that know no other index than `index`."""
    return tools_in(home, **index.environ(tmp_path / "cache"))


@pytest.fixture
def installer(shop: Shop, home: Home, tools: Tools) -> Installer:
    """An installer into the empty home."""
    return shop.installer(home, tools)


@pytest.fixture(scope="session")
def sdk_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """One home for all tests with the real policy SDK, so that its environment is built once."""
    return Home(tmp_path_factory.mktemp("sdk") / "home")


@pytest.fixture(scope="session")
def sdk_lock(sdk_home: Home) -> Lock:
    """The lock of the real policy SDK, resolved once."""
    lock = lock_dependencies(checked(python_pack(requirements=SDK)), tools_in(sdk_home))
    assert lock is not None
    return lock


@pytest.fixture(scope="session")
def other_python() -> str:
    """A Python 3.12 or later that is not the one that runs the tests."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    minors = [minor for minor in (12, 13, 14) if minor != sys.version_info.minor]
    found = [shutil.which(f"python3.{minor}") for minor in minors]
    found += [str(path) for minor in minors for path in sorted(pyenv.glob(f"3.{minor}.*/bin/python3"))]
    for path in found:
        if path and subprocess.run([path, "-I", "-c", "import venv"], capture_output=True).returncode == 0:
            return path
    pytest.skip("there is only one Python here")
