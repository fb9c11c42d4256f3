"""A policy pack: on disk, as a set of files, and as a bundle."""
