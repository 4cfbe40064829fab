"""config.yaml: its models, the reader that reports line and column, and its JSON schema."""
