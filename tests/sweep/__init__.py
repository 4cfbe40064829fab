"""Sweeps: awsprov is killed, or a call fails, at every AWS call of a command; the same command must then finish."""
