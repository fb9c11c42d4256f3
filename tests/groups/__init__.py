"""Tests of configuring packs."""
