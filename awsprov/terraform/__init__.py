"""Terraform configurations: reading HCL, and converting it to config.yaml."""
