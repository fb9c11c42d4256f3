"""Tests of what became of findings."""
