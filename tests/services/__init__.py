"""Tests of the use cases, on a workspace without a terminal."""
