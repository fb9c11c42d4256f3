"""The user of the command line, for use cases that commands set up."""

from __future__ import annotations

from tests.cli.conftest import user as user  # a fixture
