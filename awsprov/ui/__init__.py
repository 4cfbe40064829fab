"""Terminal output: the board of a running command, and JSON documents."""
