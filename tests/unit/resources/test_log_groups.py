"""Log groups of APIs: those that API Gateway left behind are not asked for their tags."""

from pathlib import Path

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
