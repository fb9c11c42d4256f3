"""Tests of reading what packs judge."""
