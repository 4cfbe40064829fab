"""The directories that stand in for EFS: one for each file system, with the root directories of its access points.

A root directory is created as by EFS: at the first mount, and only if the access point has CreationInfo.
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

_EMPTY = 6144  # bytes that EFS reports for an empty file system
_MAX_AGE = 5.0  # seconds of a measured size; EFS measures far less often

_measured: dict[Path, tuple[float, int]] = {}


class MountError(Exception):
    """A file system or access point cannot be mounted; the message is that of mount.efs."""


def file_system(cloud: Cloud, fs_id: str) -> Path:
    """Return the directory of a file system."""
    return cloud.make_directory("efs", fs_id)


def access_point(cloud: Cloud, ap_id_or_arn: str) -> Path:
    """Return an access point's root directory; create it at the first mount.

    Raises:
        MountError: the access point does not exist, or its root directory cannot be created.
    """
    point = find(ap_id_or_arn)
    root = point.root_directory or {}
    path: Path = file_system(cloud, point.file_system_id) / root.get("Path", "/").strip("/")
    if not path.is_dir():
        _make(path, root.get("CreationInfo"))
    return path


def find(ap_id_or_arn: str) -> Any:
    """Return moto's record of an access point.

    Raises:
        MountError: it does not exist.
    """
    ap_id = ap_id_or_arn.rsplit("/", 1)[-1]
    for region in list(efs_backends[ACCOUNT].values()):
        if ap_id in region.access_points:
            return region.access_points[ap_id]
    raise MountError(f"Access point {ap_id} does not exist.")


def remove(cloud: Cloud, fs_id: str) -> None:
    """Delete a file system's directory. It is renamed at once and deleted in the background."""
    path = cloud.directory / "efs" / fs_id
    deleted = path.with_name(f".{fs_id}")
    with contextlib.suppress(FileNotFoundError):
        path.rename(deleted)
    threading.Thread(target=shutil.rmtree, args=(deleted, True), daemon=True).start()


def clear(cloud: Cloud) -> None:
    """Finish the deletions that the end of the cloud has interrupted."""
    for deleted in cloud.make_directory("efs").glob(".fs-*"):
        threading.Thread(target=shutil.rmtree, args=(deleted, True), daemon=True).start()


def size(cloud: Cloud, fs_id: str) -> int:
    """Return the size of a file system in bytes, measured in the last few seconds."""
    path = file_system(cloud, fs_id)
    measured_at, measured = _measured.get(path, (0.0, 0))
    if time.monotonic() - measured_at > _MAX_AGE:
        measured = _EMPTY + sum(_sizes(path))
        _measured[path] = (time.monotonic(), measured)
    return measured


def _make(path: Path, creation: dict[str, Any] | None) -> None:
    if not creation:
        raise MountError(f"The root directory /{path.name} does not exist, and the access point has no CreationInfo.")
    path.mkdir(parents=True, exist_ok=True)
    # The owner in CreationInfo has no account on this machine, so the user who runs the cloud can always write.
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
