"""IAM roles and policies, and secrets."""
