"""Who may call what, in Terraform: the permissions of APIs to call functions, and API keys with their usage plan."""

from collections.abc import Iterator

from awsprov.resources.api.access import ApiKey, UsagePlan
from awsprov.resources.api.permission import Permission, route_pattern
from awsprov.terraform.expressions import template
from awsprov.terraform.rows.row import Arguments, Row, Rows, TerraformContext, TerraformResource


def _permission(permission: Permission, context: TerraformContext) -> Arguments:
    routes = f"/{route_pattern(permission.route)}"
    return {
        "statement_id": permission.id.rpartition(":")[2],
        "action": "lambda:InvokeFunction",
        "principal": "apigateway.amazonaws.com",
        "function_name": context.reference(permission.alias.function, "function_name"),
        "qualifier": context.reference(permission.alias, "name"),
        "source_arn": template(context.reference(permission.api, "execution_arn"), routes),
    }


def _permission_import_id(permission: Permission, _: TerraformContext) -> str:
    function, alias, statement = permission.id.split(":")
    return f"{function}:{alias}/{statement}"


def _api_key(key: ApiKey, context: TerraformContext) -> Arguments:
    return {"name": context.aws.physical_name(key.name), "description": ""}


def _usage_plan(plan: UsagePlan, context: TerraformContext) -> Arguments:
    stage = plan.stage
    return {
        "name": context.aws.physical_name(plan.name),
        "api_stages": [{"api_id": context.reference(stage.api), "stage": context.reference(stage, "stage_name")}],
        "throttle_settings": [{"rate_limit": plan.rate, "burst_limit": plan.burst}],
    }


def _plan_key(plan: UsagePlan, context: TerraformContext) -> Iterator[TerraformResource]:
    arguments = {
        "key_id": context.reference(plan.api_key),
        "key_type": "API_KEY",
        "usage_plan_id": context.reference(plan),
    }
    name = context.name(plan)
    yield TerraformResource("aws_api_gateway_usage_plan_key", name, arguments, f"{plan.id}/{plan.api_key.id}")


ROWS: Rows = {
    Permission: Row("aws_lambda_permission", _permission, _permission_import_id),
    ApiKey: Row("aws_api_gateway_api_key", _api_key),
    UsagePlan: Row("aws_api_gateway_usage_plan", _usage_plan, parts=_plan_key),
}
