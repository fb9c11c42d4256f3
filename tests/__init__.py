"""The tests of packreg, laid out as `src/packreg` is; `servers` and `e2e` run only where they are named."""
