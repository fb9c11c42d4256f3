"""What must run on an entity, and how it is configured. Pure: no disk, no network, no clock.

May import `registry` and `pack`. It knows nothing of processes: what a pack says of itself (its policies,
their levels and schemas) comes in as values, from a release's record or from the running pack alike.
"""
