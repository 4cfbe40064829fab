"""The EC2 builder, its key pair, and the libraries that it installs."""
