"""EFS of the local cloud: moto's records with states at AWS's pace, and a directory for each file system."""

import json
import secrets
import uuid
from typing import Any, ClassVar

from moto.core.exceptions import JsonRESTError
from moto.efs import models, urls
from moto.efs.exceptions import AccessPointNotFound, FileSystemAlreadyExists, FileSystemNotFound, MountTargetNotFound
from moto.efs.models import AccessPoint, EFSBackend, FileSystem, MountTarget, efs_backends
from moto.efs.responses import EFSResponse

from awsprov.local.behaviour import Behaviour, states
from awsprov.local.cloud import Cloud
from awsprov.local.efs import storage
from awsprov.local.efs.admission import admits, note_policy_change, permits
from awsprov.local.iam.policies import document_statements


class LocalEFS(EFSBackend):  # type: ignore[misc]
    """EFS in one region. What all regions share is on the class: objects of the class are pickled."""

    cloud: ClassVar[Cloud]
    behaviour: ClassVar[Behaviour]
    _url_module = urls

    def create_file_system(self, creation_token: str, *arguments: Any, **options: Any) -> FileSystem:
        for existing in self.file_systems_by_id.values():
            if existing.creation_token == creation_token:
                raise _already(FileSystemAlreadyExists(creation_token), FileSystemId=existing.file_system_id)
        self.creation_tokens.discard(creation_token)
        created = super().create_file_system(creation_token, *arguments, **options)
        storage.file_system(self.cloud, created.file_system_id)
        self.behaviour.start_transition(created, "life_cycle_state", states.FILE_SYSTEM_CREATE)
        return created

    def delete_file_system(self, file_system_id: str) -> None:
        found = self.file_systems_by_id.get(file_system_id)
        if found is None or found.number_of_mount_targets:
            super().delete_file_system(file_system_id)  # it raises AWS's error
            return
        found.life_cycle_state = "deleting"
        self.behaviour.timeline.after(states.FILE_SYSTEM_DELETE.seconds, self._file_system_deleted, file_system_id)

    def create_mount_target(self, *arguments: Any, **options: Any) -> MountTarget:
        created = super().create_mount_target(*arguments, **options)
        interface = self.ec2_backend.get_network_interface(created.network_interface_id)
        interface.description = f"EFS mount target for {created.file_system_id} ({created.mount_target_id})"
        interface.interface_type, interface.status, interface.requester_managed = "efs", "in-use", True
        self.behaviour.start_transition(created, "life_cycle_state", states.MOUNT_TARGET_CREATE)
        return created

    def delete_mount_target(self, mount_target_id: str) -> None:
        found = self.mount_targets_by_id.get(mount_target_id)
        if found is None:
            raise MountTargetNotFound(mount_target_id)
        found.life_cycle_state = "deleting"
        self.behaviour.timeline.after(states.MOUNT_TARGET_DELETE.seconds, self._mount_target_deleted, mount_target_id)

    def delete_access_point(self, access_point_id: str) -> None:
        found = self.access_points.get(access_point_id)
        if found is None:
            raise AccessPointNotFound(access_point_id)
        found.life_cycle_state = "deleting"
        self.behaviour.timeline.after(states.ACCESS_POINT_DELETE.seconds, self._access_point_deleted, access_point_id)

    def _mount_target_deleted(self, mount_target_id: str) -> None:
        if mount_target_id in self.mount_targets_by_id:
            super().delete_mount_target(mount_target_id)

    def _access_point_deleted(self, access_point_id: str) -> None:
        self.access_points.pop(access_point_id, None)

    def _file_system_deleted(self, file_system_id: str) -> None:
        if file_system_id not in self.file_systems_by_id:
            return
        super().delete_file_system(file_system_id)
        for point in list(self.access_points.values()):
            if point.file_system_id == file_system_id:
                del self.access_points[point.access_point_id]
        storage.remove(self.cloud, file_system_id)

    def create_access_point(self, client_token: str, *arguments: Any, **options: Any) -> AccessPoint:
        for existing in self.access_points.values():
            if existing.client_token == client_token:
                raise _already(AccessPointExistsError(existing.access_point_id), AccessPointId=existing.access_point_id)
        if options.get("file_system_id") not in self.file_systems_by_id:
            raise FileSystemNotFound(str(options.get("file_system_id")))
        created = super().create_access_point(client_token, *arguments, **options)
        self.behaviour.start_transition(created, "life_cycle_state", states.ACCESS_POINT_CREATE)
        return created

    def put_file_system_policy(self, file_system_id: str, policy: str, *arguments: Any, **options: Any) -> None:
        if file_system_id not in self.file_systems_by_id:
            raise FileSystemNotFound(file_system_id)
        file_system = self.file_systems_by_id[file_system_id]
        note_policy_change(file_system)
        stored = _completed(json.loads(policy), file_system.file_system_arn)
        super().put_file_system_policy(file_system_id, json.dumps(stored), *arguments, **options)

    def describe_file_system_policy(self, file_system_id: str) -> str:
        if file_system_id not in self.file_systems_by_id:
            raise FileSystemNotFound(file_system_id)
        return str(super().describe_file_system_policy(file_system_id))

    def delete_file_system_policy(self, file_system_id: str) -> None:
        """Delete the policy. It is no error if there is none (EFS API reference, DeleteFileSystemPolicy)."""
        if file_system_id not in self.file_systems_by_id:
            raise FileSystemNotFound(file_system_id)
        self.file_systems_by_id[file_system_id].file_system_policy = None

    def admits(self, file_system_id: str, role: str) -> bool:
        """Return whether a role, given by its ARN, may mount a file system now."""
        return admits(self.behaviour, self.file_systems_by_id[file_system_id], role)

    def permits(self, file_system_id: str, role: Any, access_point_id: str, *, tls: bool) -> bool:
        """Return whether policies allow a role of moto, or a client without one, to mount a file system."""
        point = self.access_points.get(access_point_id)
        arn = str(point.access_point_arn) if point else ""
        return permits(self.file_systems_by_id[file_system_id], role, arn, tls=tls)

    def usable(self, resource: Any) -> bool:
        """Whether a file system, mount target or access point is available."""
        return bool(resource.life_cycle_state == "available")


def _completed(document: dict[str, Any], arn: str) -> dict[str, Any]:
    """Return a policy as EFS stores it: with ids, with the file system, and with a list of one element as the element.

    Sources: EFS API reference, examples of PutFileSystemPolicy and DescribeFileSystemPolicy; terraform-provider-aws
    issue 32077 and aws-cdk issue 30753 for `Resource`.
    """
    statements = [
        {
            "Sid": f"efs-statement-{uuid.uuid4()}",
            "Resource": arn,
            **{key: _single(value) for key, value in each.items()},
        }
        for each in document_statements(document)
    ]
    return {"Version": "2008-10-17", "Id": f"efs-policy-{uuid.uuid4()}", **document, "Statement": statements}


def _single(value: Any) -> Any:
    """Return the element of a list of one element; in a dictionary, of each list."""
    if isinstance(value, dict):
        return {key: _single(item) for key, item in value.items()}
    return value[0] if isinstance(value, list) and len(value) == 1 else value


class AccessPointExistsError(JsonRESTError):  # type: ignore[misc]
    """The client token was used for this access point before."""

    code = 409

    def __init__(self, access_point_id: str) -> None:
        super().__init__("AccessPointAlreadyExists", f"Access point already exists: {access_point_id}")


class _Size:
    """`FileSystem.size_in_bytes`, measured in the directory."""

    def __get__(self, file_system: Any, owner: type) -> dict[str, Any]:
        value = storage.size(LocalEFS.cloud, file_system.file_system_id)
        return {"Value": value, "ValueInIA": 0, "ValueInStandard": value}


class _Ids:
    """Replaces moto's random ids: Lambda requires 17 digits in an access point's."""

    @staticmethod
    def get_random_hex(_: int = 17) -> str:
        return secrets.token_hex(9)[:17]


_moto_access_point = AccessPoint.info_json


def _access_point(point: Any) -> dict[str, Any]:
    """Return `AccessPoint.info_json` with its state."""
    return {**_moto_access_point(point), "LifeCycleState": point.life_cycle_state}


def _delete_file_system_policy(response: EFSResponse) -> tuple[str, dict[str, Any]]:
    """Handle DeleteFileSystemPolicy, as a method of moto's response class."""
    response.efs_backend.delete_file_system_policy(response._get_param("FileSystemId"))
    return "{}", {"status": 200, "Content-Type": "application/json"}


def install(cloud: Cloud, behaviour: Behaviour) -> None:
    """Replace moto's EFS. Call it before moto's first use."""
    LocalEFS.cloud, LocalEFS.behaviour = cloud, behaviour
    storage.clear(cloud)
    efs_backends.backend = LocalEFS
    FileSystem.size_in_bytes = _Size()
    models.mock_random = _Ids
    AccessPoint.info_json = _access_point
    EFSResponse.delete_file_system_policy = _delete_file_system_policy


def _already(error: JsonRESTError, **members: str) -> JsonRESTError:
    error.description = json.dumps({**json.loads(error.description), **members})
    return error
