"""Settings of the tests of packs."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A busy machine is slow at times; what is bounded is proved by test_adversarial, not by the clock here.
settings.register_profile("packs", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("packs")
