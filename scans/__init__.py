"""Independent security scanners, run over a stack that `awsprov up` made: `make scan`. README.md says what they say."""
