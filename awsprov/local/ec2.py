"""EC2 as this cloud has it: moto's records, with machines behind the instances."""

import base64
from typing import Any, ClassVar

from moto.core.responses import ActionResult
from moto.core.types import Base64EncodedString
from moto.core.utils import utcnow
from moto.ec2 import urls
from moto.ec2.models import EC2Backend, ec2_backends, elastic_network_interfaces
from moto.ec2.responses.general import General

from awsprov.local.cloud import ACCOUNT, HOST
from awsprov.local.machines import Machines
from awsprov.local.physics import Physics

SSH_PORT = "awsprov:ssh-port"
_RUNNING, _STOPPED, _TERMINATED = 16, 80, 48


class LocalEC2(EC2Backend):  # type: ignore[misc]
    """One region. What all regions share is on the class, for objects of the class are saved."""

    machines: ClassVar[Machines]
    physics: ClassVar[Physics]
    _url_module = urls

    def run_instances(self, *arguments: Any, **options: Any) -> Any:
        reservation = super().run_instances(*arguments, **options)
        for instance in reservation.instances:
            self._prepare(instance, _user_data(instance))
        return reservation

    def start_instances(self, instance_ids: list[str]) -> Any:
        stopped = {i.id for i in self.get_multi_instances_by_id(instance_ids) if i.state_code == _STOPPED}
        started = super().start_instances(instance_ids)
        for instance, _ in started:
            if instance.id in stopped:
                self._prepare(instance)
        return started

    def stop_instances(self, instance_ids: list[str]) -> Any:
        stopped = super().stop_instances(instance_ids)
        for instance, _ in stopped:
            self.machines.halt(instance.id)
        return stopped

    def terminate_instances(self, instance_ids: list[str]) -> Any:
        terminated = super().terminate_instances(instance_ids)
        for instance, _ in terminated:
            self.machines.remove(instance.id)
        return terminated

    def reboot_instances(self, instance_ids: list[str]) -> Any:
        rebooted = super().reboot_instances(instance_ids)
        for instance in rebooted:
            self.machines.halt(instance.id)
            self._prepare(instance)
        return rebooted

    def resume(self) -> None:
        """Give the instances that were running when the cloud ended their machines back."""
        for instance in self.all_instances():
            if instance.state in ("running", "pending"):
                self._prepare(instance)

    def _prepare(self, instance: Any, user_data: str = "") -> None:
        keys = self.describe_key_pairs(key_names=[instance.key_name]) if instance.key_name else []
        machine = self.machines.prepare(instance.id, keys[0].public_key if keys else "")
        self.create_tags([instance.id], {SSH_PORT: str(machine.port)})
        machine.boot(user_data)


class _General(General):  # type: ignore[misc]
    """Where GetConsoleOutput is."""

    def get_console_output(self) -> ActionResult:
        instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
        machine = LocalEC2.machines.get(instance.id)
        text = Base64EncodedString.from_raw_string(machine.console if machine else "")
        return ActionResult({"InstanceId": instance.id, "Timestamp": utcnow(), "Output": text})


def install(physics: Physics, machines: Machines) -> None:
    """Put this in the place of moto's EC2, before its first use."""
    LocalEC2.machines, LocalEC2.physics = machines, physics
    ec2_backends.backend = LocalEC2
    # Instances are on this computer; other loopback addresses need configuration on macOS.
    elastic_network_interfaces.random_public_ip = lambda: HOST
    General.get_console_output = _General.get_console_output


def resume() -> None:
    """Boot what was running when the saved cloud ended."""
    for region in list(ec2_backends[ACCOUNT].values()):
        region.resume()


def _user_data(instance: Any) -> str:
    return base64.b64decode(str(instance.user_data)).decode(errors="replace") if instance.user_data else ""
