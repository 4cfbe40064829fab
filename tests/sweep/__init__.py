"""Awsprov is killed, and its calls are spoilt, at every call; then the same command must finish."""
