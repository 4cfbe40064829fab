"""API Gateway: REST and HTTP APIs, stages, keys and permissions."""
