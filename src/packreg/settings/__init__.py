"""Settings: the operator's file, options, variables, the project's and the user's packreg.toml, defaults.

May import `errors` and `groups` (for the names of backends). The way in is `load.load_settings`, which is
on the fast path of a no-op install: what is read is a file or a mapping that the caller gives, never the
process."""
