"""Tests of what the objects of a registry mean."""
