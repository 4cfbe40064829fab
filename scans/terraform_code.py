"""Terraform code of an existing stack, from the responses of AWS's API, for Checkov.

It contains nothing that the responses do not contain, and all resources of the stack that Checkov has rules for.
"""

import json
from typing import Any

from scans.hcl import Blocks, Nested
from tests.e2e.projects import Client


def terraform_code(client: Client, stack: str) -> str:
    """Return the code of all resources of a stack."""
    found = Blocks()
    ours: Any = [{"Name": "tag:awsprov:stack", "Values": [stack]}]
    ec2 = client("ec2")
    for vpc in ec2.describe_vpcs(Filters=ours)["Vpcs"]:
        _network(found, ec2, vpc)
    _gateways_and_routes(found, ec2, ours)
    _instances(found, ec2, ours)
    _storage(found, client("efs"), stack)
    _identities(found, client("iam"), stack)
    _logs(found, client("logs"), stack)
    _functions(found, client("lambda"), stack)
    for api in client("apigateway").get_rest_apis()["items"]:
        _rest_api(found, client("apigateway"), api)
    return found.text()


def _network(found: Blocks, ec2: Any, vpc: Any) -> None:
    inside: Any = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    found.add("aws_vpc", vpc["VpcId"], cidr_block=vpc["CidrBlock"])
    for subnet in ec2.describe_subnets(Filters=inside)["Subnets"]:
        found.add(
            "aws_subnet",
            subnet["SubnetId"],
            vpc_id=vpc["VpcId"],
            cidr_block=subnet["CidrBlock"],
            map_public_ip_on_launch=subnet["MapPublicIpOnLaunch"],
        )
    for group in ec2.describe_security_groups(Filters=inside)["SecurityGroups"]:
        default = group["GroupName"] == "default"
        found.add(
            "aws_default_security_group" if default else "aws_security_group",
            group["GroupId"],
            vpc_id=vpc["VpcId"],
            description=None if default else group["Description"],
            ingress=[_rule(rule) for rule in group["IpPermissions"]] or None,
            egress=[_rule(rule) for rule in group["IpPermissionsEgress"]] or None,
        )
    for acl in ec2.describe_network_acls(Filters=inside)["NetworkAcls"]:
        rules = [rule for rule in acl["Entries"] if rule["RuleAction"] == "allow"]
        default = {"default_network_acl_id": acl["NetworkAclId"]} if acl["IsDefault"] else {"vpc_id": vpc["VpcId"]}
        found.add(
            "aws_default_network_acl" if acl["IsDefault"] else "aws_network_acl",
            acl["NetworkAclId"],
            **default,
            subnet_ids=[each["SubnetId"] for each in acl["Associations"]] or None,
            ingress=[_entry(rule) for rule in rules if not rule["Egress"]] or None,
            egress=[_entry(rule) for rule in rules if rule["Egress"]] or None,
        )


def _rule(rule: Any) -> Nested:
    everything = rule["IpProtocol"] == "-1"
    descriptions = [each.get("Description") for each in (*rule["IpRanges"], *rule["UserIdGroupPairs"])]
    return Nested(
        description=next((text for text in descriptions if text), None),
        protocol=rule["IpProtocol"],
        from_port=0 if everything else rule["FromPort"],
        to_port=0 if everything else rule["ToPort"],
        cidr_blocks=[each["CidrIp"] for each in rule["IpRanges"]] or None,
        security_groups=[each["GroupId"] for each in rule["UserIdGroupPairs"]] or None,
    )


def _entry(rule: Any) -> Nested:
    ports, icmp = rule.get("PortRange", {}), rule.get("IcmpTypeCode", {})
    return Nested(
        rule_no=rule["RuleNumber"],
        action="allow",
        protocol=rule["Protocol"],
        cidr_block=rule["CidrBlock"],
        from_port=int(ports.get("From", 0)),
        to_port=int(ports.get("To", 0)),
        icmp_type=icmp.get("Type"),
        icmp_code=icmp.get("Code"),
    )


def _gateways_and_routes(found: Blocks, ec2: Any, ours: Any) -> None:
    for gateway in ec2.describe_internet_gateways(Filters=ours)["InternetGateways"]:
        attached = [each["VpcId"] for each in gateway["Attachments"]]
        found.add("aws_internet_gateway", gateway["InternetGatewayId"], vpc_id=attached[0])
    for address in ec2.describe_addresses(Filters=ours)["Addresses"]:
        found.add("aws_eip", address["AllocationId"], domain="vpc")
    for nat in ec2.describe_nat_gateways(Filter=ours)["NatGateways"]:
        address = nat["NatGatewayAddresses"][0]["AllocationId"]
        found.add("aws_nat_gateway", nat["NatGatewayId"], allocation_id=address, subnet_id=nat["SubnetId"])
    for table in ec2.describe_route_tables(Filters=ours)["RouteTables"]:
        routes = [
            Nested(
                cidr_block=route["DestinationCidrBlock"],
                gateway_id=route.get("GatewayId"),
                nat_gateway_id=route.get("NatGatewayId"),
            )
            for route in table["Routes"]
            if route.get("GatewayId") != "local"
        ]
        found.add("aws_route_table", table["RouteTableId"], vpc_id=table["VpcId"], route=routes or None)


def _instances(found: Blocks, ec2: Any, ours: Any) -> None:
    existing: Any = [*ours, {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}]
    for reservation in ec2.describe_instances(Filters=existing)["Reservations"]:
        for instance in reservation["Instances"]:
            metadata = instance.get("MetadataOptions", {})
            found.add(
                "aws_instance",
                instance["InstanceId"],
                ami=instance["ImageId"],
                instance_type=instance["InstanceType"],
                subnet_id=instance["SubnetId"],
                associate_public_ip_address="PublicIpAddress" in instance,
                ebs_optimized=instance.get("EbsOptimized", False),
                monitoring=instance["Monitoring"]["State"] == "enabled",
                iam_instance_profile=instance.get("IamInstanceProfile", {}).get("Arn", "").rpartition("/")[2] or None,
                vpc_security_group_ids=[group["GroupId"] for group in instance["SecurityGroups"]],
                metadata_options=Nested(http_tokens=metadata.get("HttpTokens", "optional")),
                root_block_device=_disk(ec2, instance),
            )


def _disk(ec2: Any, instance: Any) -> Nested:
    ids = [each["Ebs"]["VolumeId"] for each in instance["BlockDeviceMappings"]]
    (volume,) = ec2.describe_volumes(VolumeIds=ids[:1])["Volumes"]
    return Nested(encrypted=volume["Encrypted"])


def _storage(found: Blocks, efs: Any, stack: str) -> None:
    systems = efs.describe_file_systems()["FileSystems"]
    for system in (each for each in systems if {"Key": "awsprov:stack", "Value": stack} in each["Tags"]):
        id_ = system["FileSystemId"]
        found.add("aws_efs_file_system", id_, encrypted=system["Encrypted"], kms_key_id=system.get("KmsKeyId"))
        policy = efs.describe_file_system_policy(FileSystemId=id_)["Policy"]
        found.add("aws_efs_file_system_policy", f"{id_}/policy", file_system_id=id_, policy=policy)
        for target in efs.describe_mount_targets(FileSystemId=id_)["MountTargets"]:
            groups = efs.describe_mount_target_security_groups(MountTargetId=target["MountTargetId"])["SecurityGroups"]
            found.add(
                "aws_efs_mount_target",
                target["MountTargetId"],
                file_system_id=id_,
                subnet_id=target["SubnetId"],
                security_groups=groups,
            )
        for point in efs.describe_access_points(FileSystemId=id_)["AccessPoints"]:
            user, root = point["PosixUser"], point["RootDirectory"]
            found.add(
                "aws_efs_access_point",
                point["AccessPointId"],
                file_system_id=id_,
                posix_user=Nested(uid=user["Uid"], gid=user["Gid"]),
                root_directory=Nested(path=root["Path"]),
            )


def _identities(found: Blocks, iam: Any, stack: str) -> None:
    path = f"/awsprov/{stack}/"
    for policy in iam.list_policies(Scope="Local", PathPrefix=path)["Policies"]:
        version = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])
        document = json.dumps(version["PolicyVersion"]["Document"])
        found.add("aws_iam_policy", policy["Arn"], name=policy["PolicyName"], path=path, policy=document)
    for role in iam.list_roles(PathPrefix=path)["Roles"]:
        name, trust = role["RoleName"], json.dumps(role["AssumeRolePolicyDocument"])
        found.add("aws_iam_role", role["Arn"], name=name, path=path, assume_role_policy=trust)
        for inline in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            document = json.dumps(iam.get_role_policy(RoleName=name, PolicyName=inline)["PolicyDocument"])
            found.add("aws_iam_role_policy", f"{name}/{inline}", role=name, policy=document)
        for attached in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            arn = attached["PolicyArn"]
            found.add("aws_iam_role_policy_attachment", f"{name}/{arn}", role=name, policy_arn=arn)
    for profile in iam.list_instance_profiles(PathPrefix=path)["InstanceProfiles"]:
        name = profile["InstanceProfileName"]
        found.add("aws_iam_instance_profile", name, name=name, role=profile["Roles"][0]["RoleName"])


def _logs(found: Blocks, logs: Any, stack: str) -> None:
    for group in logs.describe_log_groups()["logGroups"]:
        tags = logs.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"]
        if tags.get("awsprov:stack") == stack:
            name = group["logGroupName"]
            days, key = group.get("retentionInDays"), group.get("kmsKeyId")
            found.add("aws_cloudwatch_log_group", name, name=name, retention_in_days=days, kms_key_id=key)


def _functions(found: Blocks, lambda_: Any, stack: str) -> None:
    for has in lambda_.list_functions()["Functions"]:
        name, details = has["FunctionName"], lambda_.get_function(FunctionName=has["FunctionName"])
        if details.get("Tags", {}).get("awsprov:stack") != stack:
            continue
        network, dead = has["VpcConfig"], has.get("DeadLetterConfig", {}).get("TargetArn")
        found.add(
            "aws_lambda_function",
            name,
            function_name=name,
            role=has["Role"],
            runtime=has["Runtime"],
            handler=has["Handler"],
            timeout=has["Timeout"],
            kms_key_arn=has.get("KMSKeyArn"),
            reserved_concurrent_executions=details.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
            code_signing_config_arn=has.get("SigningJobArn"),
            environment=Nested(variables=has.get("Environment", {}).get("Variables", {})),
            tracing_config=Nested(mode=has["TracingConfig"]["Mode"]),
            vpc_config=Nested(subnet_ids=network["SubnetIds"], security_group_ids=network["SecurityGroupIds"]),
            file_system_config=[
                Nested(arn=each["Arn"], local_mount_path=each["LocalMountPath"]) for each in has["FileSystemConfigs"]
            ],
            dead_letter_config=Nested(target_arn=dead) if dead else None,
        )
        for statement in json.loads(lambda_.get_policy(FunctionName=name, Qualifier="live")["Policy"])["Statement"]:
            found.add(
                "aws_lambda_permission",
                statement["Sid"],
                function_name=name,
                action=statement["Action"],
                principal=statement["Principal"]["Service"],
                source_arn=statement.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn"),
            )


def _rest_api(found: Blocks, gateway: Any, api: Any) -> None:
    id_ = api["id"]
    kinds = Nested(types=api["endpointConfiguration"]["types"])
    found.add(
        "aws_api_gateway_rest_api",
        id_,
        name=api["name"],
        endpoint_configuration=kinds,
    )
    for validator in gateway.get_request_validators(restApiId=id_)["items"]:
        found.add(
            "aws_api_gateway_request_validator",
            validator["id"],
            name=validator["name"],
            rest_api_id=id_,
            validate_request_body=validator["validateRequestBody"],
            validate_request_parameters=validator["validateRequestParameters"],
        )
    for resource in gateway.get_resources(restApiId=id_, embed=["methods"])["items"]:
        for verb, method in resource.get("resourceMethods", {}).items():
            found.add(
                "aws_api_gateway_method",
                f"{resource['id']}/{verb}",
                rest_api_id=id_,
                resource_id=resource["id"],
                http_method=verb,
                authorization=method["authorizationType"],
                api_key_required=method.get("apiKeyRequired", False),
                request_validator_id=method.get("requestValidatorId"),
            )
    for stage in gateway.get_stages(restApiId=id_)["item"]:
        _rest_stage(found, id_, stage)


def _rest_stage(found: Blocks, api: str, stage: Any) -> None:
    name, log = stage["stageName"], stage.get("accessLogSettings") or {}
    found.add(
        "aws_api_gateway_stage",
        f"{api}/{name}",
        rest_api_id=api,
        stage_name=name,
        deployment_id=stage["deploymentId"],
        cache_cluster_enabled=stage.get("cacheClusterEnabled", False),
        xray_tracing_enabled=stage.get("tracingEnabled", False),
        client_certificate_id=stage.get("clientCertificateId"),
        access_log_settings=Nested(destination_arn=log["destinationArn"], format=log["format"]) if log else None,
    )
    for path, has in stage.get("methodSettings", {}).items():
        settings = Nested(
            logging_level=has.get("loggingLevel"),
            data_trace_enabled=has.get("dataTraceEnabled"),
            metrics_enabled=has.get("metricsEnabled"),
            caching_enabled=has.get("cachingEnabled"),
            cache_data_encrypted=has.get("cacheDataEncrypted"),
        )
        found.add(
            "aws_api_gateway_method_settings",
            f"{api}/{name}/{path}",
            rest_api_id=api,
            stage_name=f"{api}/{name}",
            method_path=path,
            settings=settings,
        )
