"""The dashboard: a page on this machine that shows a stack and sends requests to its functions."""
