"""The demo service, called in this process as Lambda would call it."""
