"""EC2 of the local cloud: moto's records, which change at AWS's pace, and instances that answer SSH.

In this module `instance` is moto's record; its processes and files are in `instances`.
"""

import base64
from typing import Any, ClassVar

from moto.core.responses import ActionResult
from moto.core.types import Base64EncodedString
from moto.core.utils import utcnow
from moto.ec2 import urls
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends, elastic_network_interfaces, route_tables
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ec2.models.instances import InstanceState, StateReason
from moto.ec2.responses.general import General

from awsprov.local.behaviour import Behaviour, states
from awsprov.local.cloud import ACCOUNT, HOST
from awsprov.local.ec2 import network_interfaces
from awsprov.local.ec2.gateway_endpoints import GatewayEndpoints
from awsprov.local.ec2.instance_connect import InstanceConnectEndpoints
from awsprov.local.ec2.instances import Instances
from awsprov.local.ec2.nat_gateways import NatGateways, RouteState

SSH_PORT = "awsprov:ssh-port"
_CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}


class LocalEC2(NatGateways, GatewayEndpoints, InstanceConnectEndpoints):
    """EC2 in one region. What all regions share is on the class: objects of the class are pickled."""

    instances: ClassVar[Instances]
    behaviour: ClassVar[Behaviour]
    _url_module = urls

    def create_vpc(self, *arguments: Any, **options: Any) -> Any:
        vpc = super().create_vpc(*arguments, **options)
        self.behaviour.start_transition(vpc, "state", states.VPC)
        return vpc

    def create_subnet(self, *arguments: Any, **options: Any) -> Any:
        subnet = super().create_subnet(*arguments, **options)
        self.behaviour.start_transition(subnet, "state", states.SUBNET)
        return subnet

    def delete_subnet(self, subnet_id: str) -> Any:
        """Delete the subnet with its association with a network ACL, which moto keeps: the ACL would stay in use."""
        subnet = super().delete_subnet(subnet_id)
        for acl in self.network_acls.values():
            for association in [each for each in acl.associations if each.subnet_id == subnet_id]:
                del acl._associations[association.id]
        return subnet

    def replace_network_acl_association(self, association_id: str, network_acl_id: str) -> Any:
        """Replace the association if it and the ACL exist; moto fails without it, and loses it without the ACL."""
        self.get_network_acl(network_acl_id)
        if not any(association_id in acl._associations for acl in self.network_acls.values()):
            message = f"The association ID '{association_id}' does not exist"
            raise EC2ClientError("InvalidAssociationID.NotFound", message)
        return super().replace_network_acl_association(association_id, network_acl_id)

    def delete_network_interface(self, eni_id: str) -> None:
        """Delete the interface, and end the association of an address with it, which moto keeps."""
        super().delete_network_interface(eni_id)
        for address in self.addresses:
            if address.eni is not None and address.eni.id == eni_id:
                address.eni = address.association_id = None

    def run_instances(self, *arguments: Any, **options: Any) -> Any:
        given = {each["DeviceName"]: each for each in options.get("block_device_mappings") or []}
        reservation = super().run_instances(*arguments, **options)
        existing = {each.get("NetworkInterfaceId") for each in options.get("nics") or []}
        for instance in reservation.instances:
            _own(instance, given, existing)
            self._begin_run(instance, _user_data(instance))
        return reservation

    def start_instances(self, instance_ids: list[str]) -> Any:
        stopped = [i for i in self.get_multi_instances_by_id(instance_ids) if i.state == "stopped"]
        started = super().start_instances(instance_ids)
        for instance in stopped:
            self._begin_run(instance)
        return started

    def stop_instances(self, instance_ids: list[str]) -> Any:
        running = [i for i in self.get_multi_instances_by_id(instance_ids) if i.state in ("pending", "running")]
        before = [(instance, _state(instance.state)) for instance in running]
        for instance in running:
            self.instances.halt(instance.id)
            instance._state = _state("stopping")
            self.behaviour.timeline.after(states.INSTANCE_STOP.seconds, self._stopped, instance.id)
        return before

    def terminate_instances(self, instance_ids: list[str]) -> Any:
        before = [(each, _state(each.state)) for each in self.get_multi_instances_by_id(instance_ids)]
        for instance, was in before:
            if was.name in ("shutting-down", "terminated"):
                continue
            self.instances.remove(instance.id)
            instance._state = _state("shutting-down")
            self.behaviour.timeline.after(states.INSTANCE_TERMINATE.seconds, self._terminated, instance.id)
        return before

    def reboot_instances(self, instance_ids: list[str]) -> Any:
        rebooted = super().reboot_instances(instance_ids)
        for instance in rebooted:
            self.instances.halt(instance.id)
            self._prepare(instance)
            self._boot(instance)
        return rebooted

    def resume(self) -> None:
        """Start the instances that were running when the cloud ended."""
        with self.behaviour.consistency.all_visible("i-"):  # also those that are not listed yet
            for instance in self.all_instances():
                if instance.state in ("running", "pending"):
                    self._prepare(instance)
                if instance.state == "running" and instance.booted:  # otherwise the timeline boots it later
                    self.instances.serve(instance.id)

    def _begin_run(self, instance: Any, user_data: str = "") -> None:
        self._prepare(instance)
        instance._state = _state("pending")
        instance.booted = instance.console_speaks = False
        row, after = states.INSTANCE_RUN, self.behaviour.timeline.after
        after(row.seconds, self._run, instance)
        after(row.seconds + states.INSTANCE_BOOT.seconds, self._boot, instance, user_data)
        after(row.seconds + states.INSTANCE_CONSOLE.seconds, setattr, instance, "console_speaks", True)

    def _prepare(self, instance: Any) -> None:
        keys = self.describe_key_pairs(key_names=[instance.key_name]) if instance.key_name else []
        prepared = self.instances.prepare(instance.id, keys[0].public_key if keys else "")
        self.create_tags([instance.id], {SSH_PORT: str(prepared.port)})

    def _run(self, instance: Any) -> None:
        if instance.state != "pending":
            return
        if sum(volume.size for volume in self.volumes.values()) > self._volume_storage():
            self._fail_launch(instance)
        else:
            instance._state = _state("running")

    def _volume_storage(self) -> int:
        """Return the quota of storage on EBS volumes, in GiB (Service Quotas ebs L-7A658B76: 50 TiB)."""
        return self.behaviour.quotas.get("volume-storage", 50 * 1024)

    def _fail_launch(self, instance: Any) -> None:
        """End an instance at its launch. EC2 reports the reason only then (EC2 API reference, StateReason)."""
        self.terminate_instances([instance.id])
        for seconds in (0, states.INSTANCE_TERMINATE.seconds):  # moto has a reason of its own at the end
            self.behaviour.timeline.after(seconds, self._set_reason, instance, "Client.VolumeLimitExceeded")

    def _set_reason(self, instance: Any, code: str) -> None:
        instance.state_reason = StateReason(f"{code}: Volume limit exceeded", code)

    def _boot(self, instance: Any, user_data: str = "") -> None:
        prepared = self.instances.get(instance.id)
        if prepared is not None:
            prepared.boot(user_data)
            instance.booted = True

    def _stopped(self, instance_id: str) -> None:
        if self.get_instance(instance_id).state == "stopping":
            super().stop_instances([instance_id])

    def _terminated(self, instance_id: str) -> None:
        super().terminate_instances([instance_id])
        network_interfaces.release(self.get_instance(instance_id))
        self.behaviour.remove_later(states.INSTANCE_FORGET, self._forget_instance, instance_id)

    def _forget_instance(self, instance_id: str) -> None:
        for reservation in list(self.reservations.values()):
            reservation.instances = [each for each in reservation.instances if each.id != instance_id]
            if not reservation.instances:
                del self.reservations[reservation.id]


class _General(General):  # type: ignore[misc]
    """The response class of GetConsoleOutput."""

    def get_console_output(self) -> ActionResult:
        instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
        hypervisor = INSTANCE_TYPES.get(instance.instance_type, {}).get("Hypervisor", "nitro")
        if self._get_bool_param("Latest") and hypervisor != "nitro":
            raise EC2ClientError("UnsupportedOperation", f"Latest is not supported for {instance.instance_type}.")
        running = LocalEC2.instances.get(instance.id)
        console = running.console if running and instance.console_speaks else ""
        output = Base64EncodedString.from_raw_string(console)
        return ActionResult({"InstanceId": instance.id, "Timestamp": utcnow(), "Output": output})


def install(behaviour: Behaviour, instances: Instances) -> None:
    """Replace moto's EC2. Call it before moto's first use."""
    LocalEC2.instances, LocalEC2.behaviour = instances, behaviour
    ec2_backends.backend = LocalEC2
    # Instances are on this machine. On macOS other loopback addresses need configuration.
    elastic_network_interfaces.random_public_ip = lambda: HOST
    route_tables.Route.state = RouteState()
    General.get_console_output = _General.get_console_output
    for region in RegionsAndZonesBackend.regions:
        if region.opt_in_status == "not-opted-in":  # there is no console to enable it in
            region.opt_in_status = "opted-in"


def resume() -> None:
    """Boot the instances that were running when the cloud ended."""
    for region in list(ec2_backends[ACCOUNT].values()):
        region.resume()


def _state(name: str) -> InstanceState:
    return InstanceState(name, _CODES[name])


def _own(instance: Any, given: dict[str, Any], existing: set[Any]) -> None:
    """Delete an instance's interfaces and root volume with it, unless RunInstances has another setting.

    Arguments:
        instance: moto's record.
        given: the block device mappings of RunInstances, by device.
        existing: the ids of interfaces that existed before; they stay.
    """
    for interface in instance.nics.values():
        interface.delete_on_termination = interface.id not in existing
    instance.security_groups = instance.security_groups or list(instance.nics[0]._group_set)
    root = instance.block_device_mapping.get(instance.root_device_name)
    asked = given.get(instance.root_device_name, {}).get("Ebs", {})
    if root is not None and "DeleteOnTermination" not in asked:
        root.delete_on_termination = True


def _user_data(instance: Any) -> str:
    return base64.b64decode(str(instance.user_data)).decode(errors="replace") if instance.user_data else ""
