"""Tests of running packs."""
