"""Modules that go into a function's bundle and run in Lambda."""
