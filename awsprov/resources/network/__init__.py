"""VPC, subnets, gateways, security groups, network ACLs."""
