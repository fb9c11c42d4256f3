"""The version of packreg: the one place that says it, for the package and for whoever names its tool."""

__version__ = "0.1.0"
