"""Tests of reports, in each format and as they are kept."""
