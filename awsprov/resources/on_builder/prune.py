"""Runs on the builder: removes all environments from the file system but the ones that are named."""

import argparse
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_GONE = ".gone-"  # what is on its way out; removed by whoever comes next when a removal was interrupted
_REMOVERS = 32  # on EFS each file that goes costs a round trip


def main() -> None:
    """Remove."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", required=True, help="where the file system is mounted")
    parser.add_argument("kept", nargs="*", help="the names of those that stay")
    arguments = parser.parse_args()
    envs = Path(arguments.root) / "envs"
    for each in envs.iterdir():
        if not each.name.startswith(".") and each.name not in arguments.kept:
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
