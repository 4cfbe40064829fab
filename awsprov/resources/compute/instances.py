"""Ec2Instance, the base class of EC2 instances, and their machine image."""

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from awsprov.aws.client import Aws
from awsprov.engine.resource import Resource
from awsprov.errors import AwsprovError
from awsprov.resources.ec2 import Ec2Resource
from awsprov.resources.missing_ok import delete, none_if_missing

# The public parameter that holds the id of the newest Amazon Linux 2023 image (Systems Manager user guide).
IMAGE_PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{architecture}"
# The families with types that are not always EBS-optimized: EC2 refuses it, or charges for it. All of them are of a
# previous generation (Amazon EC2 user guide, "EBS-optimized instance types").
_NOT_EBS_OPTIMIZED = frozenset(["c1", "c3", "cc2", "cr1", "g2", "hi1", "hs1", "i2", "m1", "m2", "m3", "r3", "t1", "t2"])
SECURE_METADATA: Any = {"HttpTokens": "required", "HttpPutResponseHopLimit": 1, "HttpEndpoint": "enabled"}


@dataclass(eq=False, repr=False)
class Ec2Instance(Ec2Resource):
    """An EC2 instance.

    Attributes:
        name_prefix: how the names of the kind's instances begin; EC2 lists all instances of a stack together.
        called: what messages call it.
        alternative: what to do in place of it if EC2 cannot launch it.
    """

    name_prefix: ClassVar[str] = ""
    called: ClassVar[str]
    alternative: ClassVar[str]

    area = "compute"
    resource_type = "instance"
    describe_method = "describe_instances"
    result_key = "Reservations"
    id_key = "InstanceId"

    @classmethod
    def descriptions(cls, page: dict[str, Any]) -> list[dict[str, Any]]:
        return [instance for reservation in page["Reservations"] for instance in reservation["Instances"]]

    @classmethod
    def list_owned(cls, aws: Aws) -> list[dict[str, Any]]:
        """Return the descriptions of the stack's existing instances of this kind."""
        ours = ("tag:awsprov:stack", aws.stack)
        found = aws.cached("Ec2Instance", lambda: Ec2Instance.describe_all(aws, ours))
        named = [(each, aws.tagged_name(each.get("Tags"))) for each in found if cls.exists(each)]
        return [each for each, name in named if name and name.startswith(cls.name_prefix)]

    def state(self, aws: Aws) -> str:
        """Return its state, as `running` or `stopped`.

        `terminated` even if EC2 no longer lists it, or if the instance of its id is not the stack's.
        """
        return self._state(aws, self.describe(aws))

    def _state(self, aws: Aws, instance: dict[str, Any]) -> str:
        return str(instance["State"]["Name"]) if aws.tagged_name(instance.get("Tags")) else "terminated"

    def wait_until_running(self, aws: Aws) -> None:
        """Return when it is running.

        Raises:
            AwsprovError: EC2 ended it at its launch; carries EC2's reason.
        """
        aws.wait_until(lambda: self._is_running(aws), 600, f"{self.name} to be running")

    def _is_running(self, aws: Aws) -> bool:
        instance = self.describe(aws)
        if instance and not self.exists(instance):
            raise self._launch_failed(instance)
        return self._state(aws, instance) == "running"

    def _launch_failed(self, instance: dict[str, Any]) -> AwsprovError:
        """Return the error for an instance that EC2 ended at its launch, with EC2's reason.

        Source: EC2 API reference, StateReason; for example Client.VolumeLimitExceeded, or Client.InternalError for a
        key of EBS encryption that the caller may not use.
        """
        reason = instance.get("StateReason", {})
        return AwsprovError(
            f"EC2 ended {self.called} at its launch.",
            why=reason.get("Message") or reason.get("Code") or "EC2 gives no reason.",
            remedy=f"Correct that, or {self.alternative}; then run `awsprov up` again.",
            aws_code=reason.get("Code", ""),
            reference="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshooting-launch.html",
        )

    def delete(self, aws: Aws) -> None:
        """Return when it is terminated: until then its network interface and its disk exist."""
        delete(aws, lambda: aws.ec2.terminate_instances(InstanceIds=[self.id]), missing=["InvalidInstanceID.NotFound"])
        aws.wait_until(lambda: self.state(aws) == "terminated", 1200, f"{self.name} to be terminated")


def is_ebs_optimized(instance_type: str) -> bool:
    """Return whether instances of a type are always EBS-optimized, at no charge.

    EC2 reports it of an instance only if the launch asked for it.
    """
    return instance_type.partition(".")[0] not in _NOT_EBS_OPTIMIZED


@dataclass(eq=False, repr=False)
class Image(Resource):
    """A machine image: the newest Amazon Linux 2023 at the first `up`, which is kept from then on.

    Arguments:
        architecture: `x86_64` or `arm64`.
    """

    architecture: str

    area = "compute"
    virtual = True

    def find(self, aws: Aws) -> str:
        """Return the recorded image, else that of an existing instance of the stack."""
        if self.id:
            return self.id
        instances = Ec2Instance.list_owned(aws)
        return next((each["ImageId"] for each in instances if each["Architecture"] == self.architecture), "")

    def create(self, aws: Aws) -> str:
        """Return the id of the newest image; nothing is created."""
        return newest_image(aws, self.architecture)

    def describe(self, aws: Aws) -> Any:
        """Return EC2's description of the image; of the newest one, if it was deregistered since it was chosen.

        Amazon deprecates its images after 90 days, and may deregister them later (Amazon Linux 2023 user guide).
        """
        return describe_image(aws, self.id, self.architecture)


def newest_image(aws: Aws, architecture: str) -> str:
    """Return the id of the newest Amazon Linux 2023 image."""
    return aws.ssm.get_parameter(Name=IMAGE_PARAMETER.format(architecture=architecture))["Parameter"]["Value"]


def describe_image(aws: Aws, image: str, architecture: str) -> Any:
    """Return EC2's description of an image; of the newest one, if it no longer exists."""
    described = partial(aws.ec2.describe_images, ImageIds=[image])
    found = none_if_missing(described, missing=["InvalidAMIID.NotFound", "InvalidAMIID.Unavailable"])
    if found and found["Images"]:
        return found["Images"][0]
    return aws.ec2.describe_images(ImageIds=[newest_image(aws, architecture)])["Images"][0]
