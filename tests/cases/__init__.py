"""Test cases of packs: reading, comparing, reporting, rewriting."""
