"""Tests of `packreg.analyzer.protocol`."""
