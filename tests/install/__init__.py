"""Tests of `packreg.install`."""
