"""Project: one config.yaml with its stack, for Python programs and notebooks; the command line is built on it."""
