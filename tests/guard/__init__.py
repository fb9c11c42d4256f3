"""The guard: one analyzer for many packs."""
