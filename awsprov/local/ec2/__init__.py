"""EC2 of the local cloud: instances that answer SSH, NAT gateways, security rules."""
