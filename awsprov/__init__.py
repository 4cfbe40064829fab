"""awsprov: a Python handler and its heavy requirements, served from AWS Lambda with the libraries on EFS."""

__version__ = "0.2.0"
