"""Tests of `packreg.analysis.protocol`."""
