"""Runs on the builder: removes environments from the file system, and what interrupted work has left there.

What nobody knows of goes once it is a day old: until then it may be what another builder is just making.
"""

import argparse
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_GONE = ".gone-"  # what is on its way out; removed by whoever comes next when a removal was interrupted
_OLD = 24 * 3600  # seconds
_REMOVERS = 32  # on EFS each file that goes costs a round trip


def main() -> None:
    """Remove."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", required=True, help="where the file system is mounted")
    parser.add_argument("--delete", nargs="*", default=[], help="names of environments to delete")
    parser.add_argument("--kept", nargs="*", default=[], help="the names of those that stay, however old")
    arguments = parser.parse_args()
    envs = Path(arguments.root) / "envs"
    for each in list(envs.iterdir()):
        unknown = each.name not in arguments.kept and not each.name.startswith(_GONE)
        if each.name in arguments.delete or (unknown and time.time() - each.stat().st_mtime > _OLD):
            each.rename(envs / f"{_GONE}{each.name}")
    with ThreadPoolExecutor(_REMOVERS) as pool:
        for gone in envs.glob(f"{_GONE}*"):
            list(pool.map(_remove, gone.iterdir()))
            gone.rmdir()
            print(f"removed {gone.name.removeprefix(_GONE)}", flush=True)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


if __name__ == "__main__":
    main()
