"""The conformance suite on every kind of bucket; S3 against a local emulator."""

from __future__ import annotations

from tests.store.conformance import BucketConformance


class TestConformance(BucketConformance):
    """Runs with the fixture `bucket` of conftest.py: memory, local and S3."""
