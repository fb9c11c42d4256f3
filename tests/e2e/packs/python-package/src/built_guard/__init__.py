"""Policies of a pack that is a package."""
