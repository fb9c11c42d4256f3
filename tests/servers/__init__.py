"""Tests that want real S3 servers: `tox run -e servers`, or `PACKREG_SERVERS=1 pytest tests/servers`."""
