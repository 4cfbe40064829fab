"""The local cloud's server: HTTP, request guard, control plane, persistence, faults."""
