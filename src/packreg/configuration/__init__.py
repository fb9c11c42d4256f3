"""How a pack is configured: files, layers, schemas, and what a pack is told in the end. Pure.

May import `pack`. `file` reads a configuration file, `schema` what a policy takes, `reconcile` lays layers
over each other and over what the pack says of itself, and `messages` has the words for what is wrong.
"""
