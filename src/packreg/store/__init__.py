"""Objects by key, each created once."""
