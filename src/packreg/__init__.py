"""Publish, install and govern Pulumi policy packs on nothing but a bucket or a directory."""
