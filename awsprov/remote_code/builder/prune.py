"""Deletes environments from the file system, and what interrupted commands left there.

An unknown directory is deleted when it is a day old: until then, another builder may be working on it.
"""

import argparse
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_DELETED = ".deleted-"  # the prefix of directories being deleted; if that is interrupted, the next run finishes it
_OLD = 24 * 3600  # seconds
_THREADS = 32  # on EFS the deletion of a file takes a round trip


def main() -> None:
    """Delete environments that are not used."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", required=True, help="the directory where the file system is mounted")
    parser.add_argument("--delete", nargs="*", default=[], help="the hashes of the environments to delete")
    parser.add_argument("--kept", nargs="*", default=[], help="the hashes of the environments to keep, however old")
    arguments = parser.parse_args()
    envs = Path(arguments.root) / "envs"
    for each in list(envs.iterdir()):
        unknown = each.name not in arguments.kept and not each.name.startswith(_DELETED)
        if each.name in arguments.delete or (unknown and time.time() - each.stat().st_mtime > _OLD):
            each.rename(envs / f"{_DELETED}{each.name}")
    with ThreadPoolExecutor(_THREADS) as pool:
        for directory in envs.glob(f"{_DELETED}*"):
            list(pool.map(_delete, directory.iterdir()))
            directory.rmdir()
            print(f"deleted {directory.name.removeprefix(_DELETED)}", flush=True)


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
