"""Inventories of cloud accounts."""
