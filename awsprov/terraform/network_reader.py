"""Converts the network and the instance: VPC, zones, NAT gateways, ports, and the builder's type."""

import re
from collections.abc import Iterator
from typing import Any

from awsprov.config.builder import SMALL_INSTANCES
from awsprov.config.network import MAX_PORTS, MAX_ZONES
from awsprov.terraform.findings import Findings
from awsprov.terraform.resource import Infrastructure, ParsedResource
from awsprov.terraform.values import Unknown, text_of

_HTTPS, _NFS, _SSH, _DNS = 443, 2049, 22, 53
_GRAVITON = re.compile(r"[a-z]+\d+g[a-z]*\.")  # behind the generation, `g` is arm64 (EC2 instance types, "Naming")
_EVERYWHERE = "0.0.0.0/0"


def network(infrastructure: Infrastructure, findings: Findings) -> dict[str, Any]:
    """Return the section `network`."""
    section: dict[str, Any] = {}
    vpcs = infrastructure.of("aws_vpc")
    for each in vpcs[1:]:
        findings.note(each, "awsprov creates one VPC")
    if vpcs and (cidr := findings.text(vpcs[0], "cidr_block")):
        section["cidr"] = cidr
    if zones := _zones(infrastructure):
        section["zones"] = zones
    if vpcs:
        section |= _nat(infrastructure, findings)
    if ports := _egress_ports(infrastructure, findings):
        section["egress_ports"] = [_HTTPS, *ports]
    if not vpcs and any(each.blocks("vpc_config") for each in infrastructure.of("aws_lambda_function")):
        findings.note("the network", "its functions use a VPC that already exists; awsprov creates its own")
    return section


def builder(infrastructure: Infrastructure, findings: Findings) -> dict[str, Any]:
    """Return the section `builder`: the type of the first instance, and who may connect to it."""
    section: dict[str, Any] = {}
    instances = infrastructure.of("aws_instance")
    for each in instances[1:]:
        findings.note(each, "awsprov needs only one instance, the builder")
    if instances and (kind := findings.text(instances[0], "instance_type")):
        section["instance_type"] = kind
    ranges = {
        each for place, rule in _rules(infrastructure, "ingress") if _ports(rule) == [_SSH] for each in _cidrs(rule)
    }
    if len(ranges) == 1 and (only := ranges.pop()) != _EVERYWHERE:
        section["ssh_from"] = only
    return section


def fit_builder(section: dict[str, Any], architecture: str, findings: Findings) -> None:
    """Give the builder an instance type of the functions' architecture, on which their libraries are installed.

    Arguments:
        section: the section `builder`, which is changed.
        architecture: of the functions.
    """
    kind = section.get("instance_type", SMALL_INSTANCES["x86_64"])
    if bool(_GRAVITON.match(kind)) == (architecture == "arm64"):
        return
    if "instance_type" in section:
        findings.note("the builder", f"{kind} has another architecture than the functions, which are {architecture}")
    section["instance_type"] = SMALL_INSTANCES[architecture]


def _zones(infrastructure: Infrastructure) -> int:
    """Return the number of availability zones of the subnets, or 0 if none is set."""
    names = [each.get("availability_zone") for each in infrastructure.of("aws_subnet")]
    named = {name.expression or name if isinstance(name, Unknown) else name for name in names if name}
    return min(len(named), MAX_ZONES)


def _nat(infrastructure: Infrastructure, findings: Findings) -> dict[str, Any]:
    gateways = infrastructure.of("aws_nat_gateway")
    if not gateways:
        return {"nat": "none"}
    for address in infrastructure.of("aws_eip"):
        findings.note(
            address,
            "the functions call out from a new address, which `awsprov status` shows; a firewall must allow it. To "
            "keep the old one, set network.address to its allocation ID (eipalloc-…) once its NAT gateway is deleted",
        )
    return {"nat": "per-zone"} if len(gateways) > 1 else {}


# ---- rules of security groups


def _rules(infrastructure: Infrastructure, direction: str) -> Iterator[tuple[ParsedResource, dict[str, Any]]]:
    """Yield the rules of one direction, however they are written, each with its resource."""
    for group in infrastructure.of("aws_security_group", "aws_default_security_group"):
        for rule in group.blocks(direction):
            yield group, rule
    for one in infrastructure.of("aws_security_group_rule"):
        if one.get("type") == direction:
            yield one, dict(one.values)
    for one in infrastructure.of(f"aws_vpc_security_group_{direction}_rule"):
        yield one, {**one.values, "protocol": one.get("ip_protocol"), "cidr_blocks": [one.get("cidr_ipv4")]}


def _ports(rule: dict[str, Any]) -> list[int]:
    """Return the ports of a TCP rule; none if it is about another protocol, or its ports are not known."""
    first, last = (_number(rule.get(name)) for name in ("from_port", "to_port"))
    if text_of(rule.get("protocol")).lower() not in ("tcp", "6") or first is None or last is None:
        return []
    return list(range(first, min(last, first + MAX_PORTS) + 1))


def _number(value: Any) -> int | None:
    text = text_of(value) if isinstance(value, str | int | float) else ""
    return int(text) if text.isdecimal() else None


def _cidrs(rule: dict[str, Any]) -> list[str]:
    found = rule.get("cidr_blocks")
    return [str(each) for each in (found if isinstance(found, list) else []) if isinstance(each, str)]


def _egress_ports(infrastructure: Infrastructure, findings: Findings) -> list[int]:
    """Return the outbound ports that awsprov does not open by itself; a rule with too many is noted."""
    ports: set[int] = set()
    for place, rule in _rules(infrastructure, "egress"):
        own = _ports(rule)
        if text_of(rule.get("protocol")).lower() in ("-1", "all") or len(own) > MAX_PORTS:
            findings.note(place, "opens all or many outbound ports; add those that are needed to network.egress_ports")
        else:
            ports |= set(own) - {0}
    found = sorted(ports - {_HTTPS, _NFS, _DNS})
    if len(found) >= MAX_PORTS:
        findings.note("the network", f"has {len(found)} outbound ports; config.yaml has the first {MAX_PORTS - 1}")
    return found[: MAX_PORTS - 1]
