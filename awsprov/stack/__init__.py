"""What awsprov provisions, in order."""
