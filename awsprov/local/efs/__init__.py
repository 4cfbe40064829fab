"""EFS of the local cloud: file systems are directories."""
