"""What `awsprov init` writes."""
