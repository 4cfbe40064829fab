"""The output of a command of an instance, and the records that commands need."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moto.ec2.models import ec2_backends
from moto.efs.models import efs_backends

from awsprov.local.cloud import ACCOUNT
from awsprov.local.ec2.instances import Instance
from awsprov.local.efs import storage


@dataclass(frozen=True)
class CommandOutput:
    """The output of a command, and its exit code."""

    out: str = ""
    err: str = ""
    code: int = 0


InstanceCommand = Callable[[Instance, list[str], Path], CommandOutput]


def records(instance: Instance) -> tuple[Any, Any]:
    """Return moto's EFS backend of the instance's region, and moto's record of the instance."""
    for region, ec2 in list(ec2_backends[ACCOUNT].items()):
        record = ec2.get_instance_by_id(instance.id)
        if record is not None:
            return efs_backends[ACCOUNT][region], record
    raise storage.MountError(f"mount: instance {instance.id} no longer exists")
