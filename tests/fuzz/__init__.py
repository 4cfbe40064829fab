"""Fuzzing: whatever a file or an answer from outside contains, the result is a value or one clear error."""
