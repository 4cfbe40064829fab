"""Prints the packages of environments and their versions, as JSON on one line."""

import argparse
import json
from pathlib import Path


def main() -> None:
    """Print the packages of environments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", required=True, help="the directory where the file system is mounted")
    parser.add_argument("names", nargs="+", help="the environments' hashes")
    arguments = parser.parse_args()
    envs = Path(arguments.root) / "envs"
    print(
        json.dumps(
            {name: json.loads((envs / name / "manifest.json").read_text())["packages"] for name in arguments.names}
        )
    )
