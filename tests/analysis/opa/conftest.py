"""These tests need the engine."""

from __future__ import annotations

import pytest

pytest.importorskip("regorus", reason="the extra `opa` is not installed")
