"""Log groups of APIs: the tags of those that API Gateway left behind are not requested."""

from pathlib import Path
from typing import Any

from tests.unit.moto_cloud import on_moto


def test_groups_of_apis_that_do_not_exist_any_more_cost_no_calls(tmp_path: Path) -> None:
    with on_moto(tmp_path, nat="none") as moto:
        moto.engine().up()
        for number in range(20):
            moto.aws().logs.create_log_group(logGroupName=f"API-Gateway-Execution-Logs_dead{number:06}/prod")
        engine = moto.engine()
        engine.refresh()
        assert engine.aws.calls["logs:ListTagsForResource"] == 3  # of two functions and the API
        (group,) = [r for r in engine.owned() if r.type == "ApiLogGroup"]
        (tmp_path / "state.json").unlink()
        engine.aws.apigateway.delete_rest_api(restApiId=group.id.partition("_")[2].partition("/")[0])
        assert group.id in [r.id for r in moto.engine().owned()]  # found by its tags although its API is gone


def test_a_group_that_aws_creates_again_for_late_lines_is_deleted_too(tmp_path: Path) -> None:
    with on_moto(tmp_path, nat="none") as moto:
        moto.engine().up()
        engine = moto.engine()
        engine.refresh()
        (group,) = [r.id for r in engine.owned() if r.type == "ApiLogGroup"]
        delete_api = engine.aws.apigateway.delete_rest_api

        def late(**api: Any) -> Any:
            engine.aws.logs.create_log_group(logGroupName=group)  # as API Gateway does, without tags: moto keeps them
            engine.aws.logs.untag_log_group(logGroupName=group, tags=["Name", "awsprov:stack", "awsprov:name"])
            return delete_api(**api)

        engine.aws.apigateway.delete_rest_api = late  # type: ignore[method-assign]
        try:
            engine.down().check()
        finally:
            engine.aws.apigateway.delete_rest_api = delete_api  # type: ignore[method-assign]
        assert engine.aws.logs.describe_log_groups()["logGroups"] == []
