"""Compares an environment on the file system with its manifest, and prints what differs, as JSON on one line."""

import argparse
import hashlib
import json
from pathlib import Path

from . import tree
from .workspace import MANIFEST, parsed

_THREADS = 64  # on EFS a thread waits most of the time
_SHOWN = 100  # differences that are named


def main() -> None:
    """Print the number of files, the number of differences, and the first of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", required=True, type=Path, help="the directory where the file system is mounted")
    parser.add_argument("--name", required=True, help="the environment's hash")
    parser.add_argument("--manifest", default="", help="the SHA-256 of its manifest; empty if unknown")
    arguments = parser.parse_args()
    environment = arguments.root / "envs" / arguments.name
    try:
        manifest = (environment / MANIFEST).read_bytes()
    except FileNotFoundError:
        found = [f"- {MANIFEST}"]
        print(json.dumps({"files": 0, "differing": 1, "differences": found}))
        return
    files = parsed(manifest)["files"]
    found = [f"~ {MANIFEST}: content"] if _differs(manifest, arguments.manifest) else []
    found += differences(environment, files)
    print(json.dumps({"files": len(files), "differing": len(found), "differences": found[:_SHOWN]}))


def _differs(manifest: bytes, digest: str) -> bool:
    return bool(digest) and hashlib.sha256(manifest).hexdigest() != digest


def differences(environment: Path, wanted: tree.Entries) -> list[str]:
    """Return what differs, one file a line: `+ added`, `- missing`, `~ changed: mode, size, content or link`."""
    names = sorted(set(tree.walk(environment)) - {MANIFEST})
    has = tree.mapped(lambda name: tree.describe(environment / name), names, _THREADS)
    lines = [f"+ {name}" for name in has.keys() - wanted.keys()] + [f"- {name}" for name in wanted.keys() - has.keys()]
    lines += [f"~ {name}: {what}" for name in has.keys() & wanted.keys() if (what := _change(has[name], wanted[name]))]
    return sorted(lines, key=lambda line: line[2:])


def _change(has: tree.Entry, wants: tree.Entry) -> str:
    """Return what differs between two descriptions; empty if nothing does."""
    if "link" in has or "link" in wants:
        return "" if has == wants else f"link to {has.get('link', 'nothing')}, not {wants.get('link', 'nothing')}"
    if has["size"] != wants["size"]:
        return f"size {has['size']}, not {wants['size']}"
    if has["sha256"] != wants["sha256"]:
        return "content"
    return "" if has["mode"] == wants["mode"] else f"mode {has['mode']:04o}, not {wants['mode']:04o}"
