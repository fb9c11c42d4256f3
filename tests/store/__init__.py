"""Tests of the store, and the tools that they share: conformance suite, faults, races, crashes."""
