"""Settings from the operator's file, options, variables, the project's and the user's packreg.toml, defaults.

May import `errors` and `groups` (for the names of backends). Start at `load.load_settings`. It is on the fast
path of a no-op install. It reads files and the mapping of variables that the caller gives, never
`os.environ`.
"""
