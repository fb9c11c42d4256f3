"""An installation in a process of its own, to be killed: python -m tests.install.victim REGISTRY HOME REF…"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from packreg.install.home import Home
from packreg.pack.reference import Reference
from tests.install.shop import Shop, tools_in


def main() -> None:
    """Install the references, again if they are there and the variable PACKREG_TEST_FORCE is set."""
    registry, home, *references = sys.argv[1:]
    place = Home(Path(home))
    installer = Shop(Path(registry)).installer(place, tools_in(place))
    for text in references:
        done = installer.install(Reference.parse(text), force="PACKREG_TEST_FORCE" in os.environ)
        print(done.path, done.changed, flush=True)


if __name__ == "__main__":
    main()
