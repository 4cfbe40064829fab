"""Prints the packages of environments with their versions, or their files with their hashes, as JSON on one line."""

import argparse
import json
from pathlib import Path
from typing import Any

from .receive import contents_of
from .workspace import MANIFEST, parsed


def main() -> None:
    """Print the contents of environments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", required=True, help="the directory where the file system is mounted")
    parser.add_argument("names", nargs="+", help="the environments' hashes")
    arguments = parser.parse_args()
    envs = Path(arguments.root) / "envs"
    print(json.dumps({name: _contents(parsed((envs / name / MANIFEST).read_bytes())) for name in arguments.names}))


def _contents(manifest: "dict[str, Any]") -> "dict[str, str]":
    """Return the version of each package; of an environment of files, the hash of each."""
    packages: dict[str, str] | None = manifest.get("packages")
    return contents_of(manifest["files"]) if packages is None else packages
