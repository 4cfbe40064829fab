"""What users do with a stack that is up: invoke it, read its health and history, list what is installed."""
