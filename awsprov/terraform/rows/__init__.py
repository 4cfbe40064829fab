"""The table of what each class of resources is in Terraform: one row each, in the module of its area."""
