"""Fuzzing: whatever a file or a response from outside contains, the result is a value or one clear error."""
