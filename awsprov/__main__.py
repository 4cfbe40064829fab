"""`python -m awsprov`: the same as `awsprov`."""

from awsprov.cli import main

main()
