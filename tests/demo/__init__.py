"""Tests of the demo service, which is called in this process as Lambda would call it."""
