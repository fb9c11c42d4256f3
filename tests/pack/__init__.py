"""Tests of packreg.pack, module by module."""
