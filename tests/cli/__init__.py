"""The command line, in this process through its real way in, and as real processes for the main flows."""
