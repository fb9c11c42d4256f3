"""What holds for every test: no time decides one, however busy the machine is."""

from __future__ import annotations

from contextlib import suppress

with suppress(ImportError):  # the environments with other servers and programs do without it
    from hypothesis import HealthCheck, settings

    settings.register_profile("packreg", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("packreg")
