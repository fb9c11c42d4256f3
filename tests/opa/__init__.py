"""OPA packs: the same Rego and inputs judged by our engine, by OPA and by conftest."""
