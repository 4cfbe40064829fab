"""Lambda's control plane at AWS's pace: states, revision ids, and network interfaces that outlive the function.

The classes of `control` run functions; those of this module extend them.
"""

import json
import uuid
from typing import Any, ClassVar

from moto.awslambda import models, urls
from moto.awslambda.exceptions import GenericResourcNotFound, PreconditionFailedException
from moto.ec2.models import ec2_backends

from awsprov.local.behaviour import Behaviour, states
from awsprov.local.behaviour.blockers import LAMBDA_INTERFACE
from awsprov.local.cloud import ACCOUNT
from awsprov.local.iam.identities import role_with_arn
from awsprov.local.lambda_.control import LocalFunction, LocalLambda

# A subnet and security groups: functions with the same ones share an interface.
SubnetAndGroups = tuple[str, frozenset[str]]

_alias_description = models.LambdaAlias.to_json
_REASONS = {"Pending": ("The function is being created.", "Creating")}
_STALE = (
    "The RevisionId provided does not match the latest RevisionId for the Lambda function or alias. Call the "
    "GetFunction or the GetAlias API to retrieve the latest RevisionId for your resource."
)


class PacedFunction(LocalFunction):
    """A function with states, update states and revision ids."""

    last_update_status = "Successful"

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.revision_id = str(uuid.uuid4())

    @property
    def pairs(self) -> set[SubnetAndGroups]:
        """The pairs of a subnet and groups that need an interface."""
        network = self._vpc_config or {}
        groups = frozenset(network.get("SecurityGroupIds") or [])
        return {(subnet, groups) for subnet in network.get("SubnetIds") or []}

    def get_configuration(self, on_create: bool = False) -> dict[str, Any]:
        configuration = super().get_configuration(on_create)
        if self.state in _REASONS:
            configuration["StateReason"], configuration["StateReasonCode"] = _REASONS[self.state]
        if not on_create:
            configuration["LastUpdateStatus"] = self.last_update_status
        return {**configuration, "RevisionId": self.revision_id}


class PacedLambda(LocalLambda):
    """Lambda in one region. What all regions share is on the class: objects of the class are pickled."""

    behaviour: ClassVar[Behaviour]
    _url_module = urls

    def create_function(self, spec: dict[str, Any]) -> Any:
        created = super().create_function(spec)
        latest = self.get_function(created.function_name)
        row = states.FUNCTION_CREATE_VPC if self._attach_interfaces(latest) else states.FUNCTION_CREATE
        for each in {id(one): one for one in (created, latest, *self._versions(latest))}.values():
            self.behaviour.start_transition(each, "state", row)
        return created

    def update_function_code(self, function_name: str, qualifier: str, body: dict[str, Any]) -> Any:
        function = self._changing(function_name, body)
        if not body.get("DryRun"):
            self.behaviour.start_transition(function, "last_update_status", states.FUNCTION_UPDATE)
        return super().update_function_code(function_name, qualifier, body)

    def update_function_configuration(self, function_name: str, qualifier: str, body: dict[str, Any]) -> Any:
        function = self._changing(function_name, body)
        super().update_function_configuration(function_name, qualifier, body)
        row = states.FUNCTION_UPDATE_VPC if self._attach_interfaces(function) else states.FUNCTION_UPDATE
        self.behaviour.start_transition(function, "last_update_status", row)
        self._detach_interfaces(function.role)
        return function.get_configuration()

    def delete_function(self, function_name: str, qualifier: str | None = None) -> None:
        role = self.get_function(function_name, qualifier).role
        super().delete_function(function_name, qualifier)
        self._detach_interfaces(role)

    def get_policy(self, function_name: str, qualifier: str | None = None) -> str:
        """Return the policy of one qualifier: each qualifier has its own."""
        policy = json.loads(super().get_policy(function_name, qualifier))
        document = json.loads(policy["Policy"])
        document["Statement"] = [each for each in document["Statement"] if _qualifier(each) == (qualifier or "")]
        if not document["Statement"]:
            raise GenericResourcNotFound
        return json.dumps({**policy, "Policy": json.dumps(document)})

    def _changing(self, name: str, body: dict[str, Any]) -> Any:
        function = self.get_function(name)
        if body.get("RevisionId") not in (None, "", function.revision_id):
            raise PreconditionFailedException(_STALE)
        if not body.get("DryRun"):
            function.revision_id = str(uuid.uuid4())
        return function

    def _versions(self, latest: Any) -> list[Any]:
        return list(self._lambdas._functions[latest.function_name]["versions"])

    @property
    def _interfaces(self) -> dict[str, Any]:
        enis: dict[str, Any] = ec2_backends[ACCOUNT][self.region_name].enis
        return {id_: eni for id_, eni in enis.items() if getattr(eni, "lambda_pair", None)}

    def _used(self) -> set[SubnetAndGroups]:
        entries = self._lambdas._functions.values()
        functions = [function for entry in entries for function in (entry["latest"], *entry["versions"])]
        return {pair for function in functions if function is not None for pair in function.pairs}

    def _attach_interfaces(self, function: Any) -> bool:
        """Create the interfaces that a function needs and that do not exist; return whether there were any."""
        existing = {eni.lambda_pair for eni in self._interfaces.values() if eni.status == "in-use"}
        for subnet, groups in sorted(function.pairs - existing, key=str):
            description = f"{LAMBDA_INTERFACE}-{function.function_name}-{uuid.uuid4()}"
            eni = ec2_backends[ACCOUNT][self.region_name].create_network_interface(
                subnet, None, group_ids=sorted(groups), description=description
            )
            eni.interface_type, eni.status, eni.requester_managed = "lambda", "in-use", True
            eni.lambda_pair, eni.lambda_role, eni.leaving = (subnet, groups), function.role, False
        return bool(function.pairs - existing)

    def _detach_interfaces(self, role: str) -> None:
        """Detach the interfaces that functions no longer need. It takes minutes, and needs the role."""
        used = self._used()
        for eni in self._interfaces.values():
            if eni.lambda_pair not in used and not eni.leaving:
                eni.leaving, eni.lambda_role = True, role
                self.behaviour.timeline.after(states.INTERFACE_DETACH.seconds, self._detached, eni.id)

    def _detached(self, eni_id: str) -> None:
        eni = self._interfaces.get(eni_id)
        if eni is None:
            return
        if eni.lambda_pair in self._used():  # another function needs it now
            eni.leaving = False
            return
        eni.status, eni.interface_type = "available", "interface"
        self.behaviour.timeline.after(states.INTERFACE_REAP.seconds, self._reaped, eni_id)

    def _reaped(self, eni_id: str) -> None:
        eni = self._interfaces.get(eni_id)
        if eni is not None and role_with_arn(eni.lambda_role):
            del ec2_backends[ACCOUNT][self.region_name].enis[eni_id]


def install(behaviour: Behaviour) -> None:
    """Replace the classes that `lambda_.install` has put into moto."""
    PacedLambda.behaviour = behaviour
    models.LambdaFunction = PacedFunction
    models.lambda_backends.backend = PacedLambda
    models.LambdaAlias.to_json = _describe_alias


def _describe_alias(alias: Any) -> dict[str, Any]:
    """Return the description of an alias; without RoutingConfig if no other version has a weight."""
    description: dict[str, Any] = _alias_description(alias)
    weights = (description["RoutingConfig"] or {}).get("AdditionalVersionWeights")
    return description if weights else {**description, "RoutingConfig": None}


def _qualifier(statement: dict[str, Any]) -> str:
    return str(statement["Resource"]).partition(":function:")[2].partition(":")[2]
