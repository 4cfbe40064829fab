"""Behaviours of AWS that are implemented in the backends of the local cloud."""

import json
import uuid

from tests.local.conftest import LocalCloud


def test_efs_completes_the_statements_of_a_policy(cloud: LocalCloud) -> None:
    efs = cloud.client("efs")
    created = efs.create_file_system(CreationToken=uuid.uuid4().hex)
    sent = {
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": ["elasticfilesystem:ClientMount"]}]
    }
    efs.put_file_system_policy(FileSystemId=created["FileSystemId"], Policy=json.dumps(sent))
    returned = json.loads(efs.describe_file_system_policy(FileSystemId=created["FileSystemId"])["Policy"])
    assert returned.pop("Id")
    assert returned["Statement"][0].pop("Sid")
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": "elasticfilesystem:ClientMount",
        "Resource": created["FileSystemArn"],
    }
    assert returned == {"Version": "2008-10-17", "Statement": [statement]}
