"""The names under which IAM knows the operations of the AWS APIs, where the two differ."""

import botocore.session
import pytest

_PREFIX = {"efs": "elasticfilesystem", "service-quotas": "servicequotas"}
_NAMES = {"lambda:Invoke": "lambda:InvokeFunction"}


def action_of(service: str, operation: str) -> str:
    """IAM's action of an operation: API Gateway has HTTP's verbs, others a name of their own."""
    if service in ("apigateway", "apigatewayv2"):
        model = botocore.session.get_session().get_service_model(service)
        return f"apigateway:{model.operation_model(operation).http['method']}"
    name = f"{_PREFIX.get(service, service)}:{operation}"
    return _NAMES.get(name, name)


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("efs", "CreateFileSystem", "elasticfilesystem:CreateFileSystem"),
        ("apigateway", "UpdateStage", "apigateway:PATCH"),
        ("apigatewayv2", "CreateApi", "apigateway:POST"),
        ("lambda", "Invoke", "lambda:InvokeFunction"),
    ],
)
def test_an_operation_has_its_action(service: str, operation: str, action: str) -> None:
    assert action_of(service, operation) == action
