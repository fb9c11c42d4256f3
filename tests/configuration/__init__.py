"""Tests of how packs are configured."""
