"""How often laws are tried that take long; the others are tried as often as hypothesis does by itself."""

from __future__ import annotations

import os

from hypothesis import settings

#: The settings of a law that takes long. `PACKREG_LAWS` has it tried more often, as `.ci/full` does.
LONG_LAW = settings(max_examples=int(os.environ.get("PACKREG_LAWS", "20")))
