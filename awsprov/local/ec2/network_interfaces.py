"""Extends moto's network interfaces: attachments to something of a service, missing addresses, ends of instances."""

import copy
from typing import Any

from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.instances import Instance

_OWNER = "amazon-aws"
_TYPES = {"lambda", "nat_gateway"}
_instance_attachment = NetworkInterface.attachment.fget
_association = NetworkInterface.association.fget


class ServiceAttachment:
    """The attachment of an interface to something of a service, as DescribeNetworkInterfaces returns it."""

    instance_id = None
    instance_owner_id = _OWNER
    delete_on_termination = False
    device_index = 1
    network_card_index = 0
    status = "attached"

    def __init__(self, interface: Any) -> None:
        self.attachment_id = f"ela-attach-{interface.id.removeprefix('eni-')}"
        self.attach_time = interface.attach_time


def install() -> None:
    """Replace moto's properties. Must be called before moto is used."""
    NetworkInterface.attachment = property(_attachment)
    NetworkInterface.association = property(lambda interface: _association(interface) or None)
    Instance.source_dest_check = property(_source_dest_check, _set_source_dest_check)


def _attachment(interface: Any) -> Any:
    """Return the attachment of an interface; None if it is not attached."""
    if interface.interface_type in _TYPES and interface.status == "in-use":
        return ServiceAttachment(interface)
    return _instance_attachment(interface)


def _source_dest_check(instance: Any) -> bool:
    """Return the setting of an instance's primary interface, which is the instance's, too."""
    primary = instance.nics.get(0)
    return primary.source_dest_check if primary else True


def _set_source_dest_check(instance: Any, value: bool) -> None:
    """Change the setting of the primary interface; a new instance has none yet."""
    if primary := getattr(instance, "nics", {}).get(0):
        primary.source_dest_check = value


def release(instance: Any) -> None:
    """Detach the interfaces that a terminated instance leaves; moto describes an instance by those that it had."""
    for index, interface in list(instance.nics.items()):
        if interface.id in instance.ec2_backend.enis:
            instance.detach_eni(interface)
            instance.nics[index] = copy.copy(interface)
