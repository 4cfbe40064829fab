"""Runs a program of this package on the builder: `python3.12 builder.zip PROGRAM …`."""

import importlib
import sys


def main() -> None:
    """Run the program that the first argument names, and exit with its status."""
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # names of files can be any bytes
    sys.exit(importlib.import_module(f".{sys.argv.pop(1)}", __package__).main())


if __name__ == "__main__":
    main()
