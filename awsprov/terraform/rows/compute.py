"""The key pair and the builder in Terraform."""

from awsprov.resources.compute.builder import DISK, Builder
from awsprov.resources.compute.instances import is_ebs_optimized
from awsprov.resources.compute.key_pairs import ExistingKeyPair, KeyPair
from awsprov.resources.compute.nat_instance import DISK as NAT_DISK
from awsprov.resources.compute.nat_instance import NatInstance, user_data
from awsprov.terraform.rows.row import Arguments, Row, Rows, TerraformContext

# As `SECURE_METADATA` of awsprov/resources/compute/instances.py.
_METADATA = {"http_endpoint": "enabled", "http_tokens": "required", "http_put_response_hop_limit": 1}


def _key_pair(pair: KeyPair, context: TerraformContext) -> Arguments:
    return {"key_name": pair.id, "public_key": pair.read(context.aws)["public_key"]}


def _existing_key_pair(pair: ExistingKeyPair, _: TerraformContext) -> Arguments:
    return {"key_name": pair.key_name}


def _builder(builder: Builder, context: TerraformContext) -> Arguments:
    tags = context.aws.tags(builder.name)
    return {
        "ami": builder.image.id,
        "instance_type": builder.instance_type,
        "ebs_optimized": is_ebs_optimized(builder.instance_type),
        "key_name": context.reference(builder.key_pair, "key_name"),
        "subnet_id": context.reference(builder.subnet),
        "vpc_security_group_ids": context.references(builder.all_groups),
        "associate_public_ip_address": builder.has_public_address(context.aws),
        "iam_instance_profile": context.reference(builder.profile, "name"),
        "metadata_options": [_METADATA],
        "root_block_device": [{"encrypted": True, "volume_type": "gp3", "volume_size": DISK, "tags": tags}],
    }


def _nat_instance(instance: NatInstance, context: TerraformContext) -> Arguments:
    tags = context.aws.tags(instance.name)
    return {
        "ami": instance.machine.image,
        "instance_type": instance.machine.instance_type,
        "ebs_optimized": True,
        "user_data": user_data(instance.cidr),
        "network_interface": [{"device_index": 0, "network_interface_id": context.reference(instance.interface)}],
        "metadata_options": [_METADATA],
        "root_block_device": [{"encrypted": True, "volume_type": "gp3", "volume_size": NAT_DISK, "tags": tags}],
    }


ROWS: Rows = {
    KeyPair: Row("aws_key_pair", _key_pair),
    ExistingKeyPair: Row("aws_key_pair", _existing_key_pair, mode="data"),
    Builder: Row("aws_instance", _builder),
    NatInstance: Row("aws_instance", _nat_instance),
}
