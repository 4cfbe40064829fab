"""The declaration of a stack: which resources a configuration needs, in order."""
