"""The directories that play EFS: one per file system, and the roots of its access points on it.

Access point roots are made as EFS makes them: at the first mount, and only when CreationInfo says how.
"""

import contextlib
import os
import shutil
import threading
import time
from pathlib import Path
from typing import Any

from moto.efs.models import efs_backends

from awsprov.local.cloud import ACCOUNT, Cloud

_EMPTY = 6144  # bytes that EFS meters for an empty file system
_FRESH = 5.0  # seconds for which a measured size is good; EFS itself measures far less often

_measured: dict[Path, tuple[float, int]] = {}


class MountError(Exception):
    """The file system or access point cannot be mounted; the message says why."""


def file_system(cloud: Cloud, fs_id: str) -> Path:
    """The directory that is a file system."""
    return cloud.keep("efs", fs_id)


def access_point(cloud: Cloud, ap_id_or_arn: str) -> Path:
    """An access point's root directory, made when this is its first mount."""
    point = find(ap_id_or_arn)
    root = point.root_directory or {}
    path: Path = file_system(cloud, point.file_system_id) / root.get("Path", "/").strip("/")
    if not path.is_dir():
        _make(path, root.get("CreationInfo"))
    return path


def find(ap_id_or_arn: str) -> Any:
    """moto's access point.

    Raises:
        MountError: there is none.
    """
    ap_id = ap_id_or_arn.rsplit("/", 1)[-1]
    for region in list(efs_backends[ACCOUNT].values()):
        if ap_id in region.access_points:
            return region.access_points[ap_id]
    raise MountError(f"Access point {ap_id} does not exist.")


def remove(cloud: Cloud, fs_id: str) -> None:
    """Delete a file system's directory and everything in it: out of sight at once, off the disk beside other work."""
    path = cloud.directory / "efs" / fs_id
    gone = path.with_name(f".{fs_id}")
    with contextlib.suppress(FileNotFoundError):
        path.rename(gone)
    threading.Thread(target=shutil.rmtree, args=(gone, True), daemon=True).start()


def clear(cloud: Cloud) -> None:
    """Finish the deletions that an end of the cloud cut short."""
    for gone in cloud.keep("efs").glob(".fs-*"):
        threading.Thread(target=shutil.rmtree, args=(gone, True), daemon=True).start()


def size(cloud: Cloud, fs_id: str) -> int:
    """The bytes that a file system holds, at most a few seconds old."""
    path = file_system(cloud, fs_id)
    when, measured = _measured.get(path, (0.0, 0))
    if time.monotonic() - when > _FRESH:
        measured = _EMPTY + sum(_sizes(path))
        _measured[path] = (time.monotonic(), measured)
    return measured


def _make(path: Path, creation: dict[str, Any] | None) -> None:
    if not creation:
        raise MountError(f"The root directory /{path.name} of the access point does not exist, nor its CreationInfo.")
    path.mkdir(parents=True, exist_ok=True)
    # The owner that CreationInfo names has no account here. It can write, whoever it is.
    path.chmod(int(str(creation.get("Permissions", "755")), 8) | 0o700)


def _sizes(path: Path) -> list[int]:
    sizes = []
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                sizes.append(os.lstat(os.path.join(folder, name)).st_size)  # noqa: PTH118 - 10,000 files
            except OSError:
                continue
    return sizes
