"""The key pair and the builder in CloudFormation."""

from collections.abc import Iterator

from awsprov.cloudformation.template import CloudFormationRows, TemplateContext, TemplateResource
from awsprov.resources.compute.builder import DISK, Builder
from awsprov.resources.compute.instances import SECURE_METADATA, describe_image, is_ebs_optimized
from awsprov.resources.compute.key_pairs import KeyPair
from awsprov.resources.compute.nat_instance import ARCHITECTURES, NatInstance, user_data
from awsprov.resources.compute.nat_instance import DISK as NAT_DISK


def _key_pair(pair: KeyPair, context: TemplateContext) -> Iterator[TemplateResource]:
    properties = {
        "KeyName": pair.id,
        "PublicKeyMaterial": pair.read(context.aws)["public_key"],
        "Tags": context.tags(pair),
    }
    yield TemplateResource(context.name(pair), "AWS::EC2::KeyPair", properties, {"KeyName": pair.id})


def _builder(builder: Builder, context: TemplateContext) -> Iterator[TemplateResource]:
    key = builder.key_pair
    root = context.aws.ec2.describe_images(ImageIds=[builder.image.id])["Images"][0]["RootDeviceName"]
    disk = {"Encrypted": True, "VolumeType": "gp3", "VolumeSize": DISK, "DeleteOnTermination": True}
    properties = {
        "ImageId": builder.image.id,
        "InstanceType": builder.instance_type,
        "EbsOptimized": is_ebs_optimized(builder.instance_type),
        "KeyName": context.ref(key) if isinstance(key, KeyPair) else key.id,
        "IamInstanceProfile": context.ref(builder.profile),
        "MetadataOptions": SECURE_METADATA,
        "BlockDeviceMappings": [{"DeviceName": root, "Ebs": disk}],
        "NetworkInterfaces": [
            {
                "DeviceIndex": "0",
                "SubnetId": context.ref(builder.subnet),
                "GroupSet": [context.attribute(group, "GroupId") for group in builder.all_groups],
                "AssociatePublicIpAddress": builder.has_public_address(context.aws),
                "DeleteOnTermination": True,
            }
        ],
        "Tags": context.tags(builder),
    }
    yield TemplateResource(context.name(builder), "AWS::EC2::Instance", properties, {"InstanceId": builder.id})


def _nat_instance(instance: NatInstance, context: TemplateContext) -> Iterator[TemplateResource]:
    image = describe_image(context.aws, instance.machine.image, ARCHITECTURES[instance.machine.instance_type])
    disk = {"Encrypted": True, "VolumeType": "gp3", "VolumeSize": NAT_DISK, "DeleteOnTermination": True}
    properties = {
        "ImageId": instance.machine.image,
        "InstanceType": instance.machine.instance_type,
        "EbsOptimized": True,
        "UserData": {"Fn::Base64": user_data(instance.cidr)},
        "MetadataOptions": SECURE_METADATA,
        "BlockDeviceMappings": [{"DeviceName": image["RootDeviceName"], "Ebs": disk}],
        "NetworkInterfaces": [{"DeviceIndex": "0", "NetworkInterfaceId": context.ref(instance.interface)}],
        "Tags": context.tags(instance),
    }
    yield TemplateResource(context.name(instance), "AWS::EC2::Instance", properties, {"InstanceId": instance.id})


ROWS: CloudFormationRows = {KeyPair: _key_pair, Builder: _builder, NatInstance: _nat_instance}
