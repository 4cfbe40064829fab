"""A cloud on 127.0.0.1 for people without an AWS account. It knows nothing of the core, and the core nothing of it."""
