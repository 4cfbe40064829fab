"""Extends moto's rules of network ACLs: ICMP types and codes, and the parameters that a protocol requires."""

from collections.abc import Callable
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses.network_acls import NetworkACLs

Operation = Callable[[Any], Any]
_REQUIRED = {"1": "IcmpTypeCode", "6": "PortRange", "17": "PortRange"}  # by protocol: ICMP, TCP, UDP
_ORIGINALS: dict[str, Operation] = {
    name: getattr(NetworkACLs, name) for name in ("create_network_acl_entry", "replace_network_acl_entry")
}


def install() -> None:
    """Replace moto's operations. Must be called before moto is used."""
    for name, operation in _ORIGINALS.items():
        setattr(NetworkACLs, name, _extended(operation))


def _extended(operation: Operation) -> Operation:
    """Return an operation of moto that also stores ICMP types and codes, and requires what EC2 requires."""

    def extended(response: Any) -> Any:
        required = _REQUIRED.get(str(response._get_param("Protocol")))
        if required and not response._get_param(required):
            raise EC2ClientError("MissingParameter", f"The request must contain the parameter {required}")
        result = operation(response)
        entry = response.ec2_backend.get_network_acl(response._get_param("NetworkAclId")).network_acl_entries[-1]
        icmp = response._get_param("IcmpTypeCode") or {}
        entry.icmp_type, entry.icmp_code = icmp.get("Type"), icmp.get("Code")
        return result

    return extended
