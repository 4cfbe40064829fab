"""Secrets that become variables when a function is deployed: their values are sent to Lambda only."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from awsprov.errors import UsageError
from awsprov.resources.identity.secrets import Secret
from tests.unit.moto_cloud import Moto, on_moto

SPOKEN = ("CreateFunction", "UpdateFunctionConfiguration", "PutParameter", "CreateSecret")
SEALED = """\
    secrets: {TOKEN: "ssm:/demo/token", DATABASE: "secretsmanager:demo/database"}
    secrets_at: deploy
    kms_key: arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000
"""


@pytest.fixture(scope="module")
def deploy_time_secrets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    """A stack with a function whose secrets are variables, encrypted with a key of one's own."""
    with on_moto(tmp_path_factory.mktemp("sealed") / "project", functions=SEALED) as moto:
        moto.aws().ssm.put_parameter(Name="/demo/token", Value="tok3n-of-mine", Type="SecureString")
        moto.aws().secretsmanager.create_secret(Name="demo/database", SecretString="op3n-sesame")
        moto.engine().up()
        yield moto


def test_secrets_become_variables_encrypted_with_the_key_that_was_named(deploy_time_secrets: Moto) -> None:
    created = next(c for c in deploy_time_secrets.sent["CreateFunction"] if c["FunctionName"] == "demo-predict")
    given = created["Environment"]["Variables"]
    assert (given["TOKEN"], given["DATABASE"]) == ("tok3n-of-mine", "op3n-sesame")
    assert created["KMSKeyArn"].endswith(":key/00000000-0000-0000-0000-000000000000")
    assert "AWSPROV_SECRETS" not in given


def test_the_function_may_use_that_key_and_read_no_secret(deploy_time_secrets: Moto) -> None:
    (policy,) = [c for c in deploy_time_secrets.sent["CreatePolicy"] if c["PolicyName"] == "demo-predict-policy"]
    actions = {s["Action"] for s in json.loads(policy["PolicyDocument"])["Statement"] if isinstance(s["Action"], str)}
    assert actions == {"kms:Decrypt"}


def test_their_values_are_in_no_file_plan_or_other_call(deploy_time_secrets: Moto) -> None:
    plan = deploy_time_secrets.engine().plan()
    sent = {name: calls for name, calls in deploy_time_secrets.sent.items() if name not in SPOKEN}
    files = [path.read_text() for path in deploy_time_secrets.root.rglob("*.json")]
    for value in ("tok3n-of-mine", "op3n-sesame"):
        assert value not in json.dumps(sent, default=repr)
        assert value not in repr([(c.resource.inputs, c.resource.recorded_inputs()) for c in plan.changes])
        assert not any(value in text for text in files)
    assert files


def test_a_secret_that_changed_is_a_new_version_and_one_that_did_not_is_none(deploy_time_secrets: Moto) -> None:
    assert deploy_time_secrets.engine().plan().empty
    deploy_time_secrets.aws().ssm.put_parameter(
        Name="/demo/token", Value="another", Type="SecureString", Overwrite=True
    )
    names = {change.resource.name for change in deploy_time_secrets.engine().plan().changes if change.action != "keep"}
    assert "predict" in names
    deploy_time_secrets.engine().up()
    assert deploy_time_secrets.engine().plan().empty
    updated = deploy_time_secrets.sent["UpdateFunctionConfiguration"][-1]["Environment"]["Variables"]
    assert updated["TOKEN"] == "another"


def test_a_binary_secret_is_an_error_that_names_it(tmp_path: Path) -> None:
    with on_moto(tmp_path) as moto:
        aws = moto.aws()
        aws.secretsmanager.create_secret(Name="demo/key", SecretBinary=b"\x00\x01")
        with pytest.raises(UsageError, match=r"demo/key` is binary; KEY in `functions\.predict\.secrets`"):
            Secret.of("predict", "KEY", "secretsmanager:demo/key").value_and_version(aws)


def test_all_missing_secrets_are_one_error_with_the_command_for_each(tmp_path: Path) -> None:
    with (
        on_moto(
            tmp_path, functions='    secrets: {TOKEN: "ssm:/gone/token", KEY: "secretsmanager:gone/key"}\n'
        ) as moto,
        pytest.raises(UsageError) as refused,
    ):
        moto.engine().plan()
    assert "TOKEN in `functions.predict.secrets` names it" in refused.value.what
    assert {line.split()[1] for line in refused.value.remedy.splitlines()} == {"ssm", "secretsmanager"}


def test_a_stack_whose_secrets_were_deleted_can_be_deleted_but_not_updated(tmp_path: Path) -> None:
    with on_moto(tmp_path, functions='    secrets: {TOKEN: "ssm:/gone/token"}\n') as moto:
        moto.aws().ssm.put_parameter(Name="/gone/token", Value="token", Type="SecureString")
        moto.engine().up()
        moto.aws().ssm.delete_parameter(Name="/gone/token")
        with pytest.raises(UsageError, match="`ssm:/gone/token` does not exist"):
            moto.engine().plan()
        assert moto.engine().down().failures == []


@pytest.mark.parametrize("reference", ["ssm:/prices/db-password", "secretsmanager:prices/db"])
def test_a_missing_secret_is_named_as_it_is_written_with_its_variable_and_function(
    tmp_path: Path, reference: str
) -> None:
    with on_moto(tmp_path) as moto:
        secret = Secret.of("house-prices", "DB_PASSWORD", reference)
        assert secret.find(moto.aws()) == ""
        error = secret.missing_error(moto.aws())
    place = "DB_PASSWORD in `functions.house-prices.secrets` names it."
    assert error.what == f"The secret `{reference}` does not exist in us-east-1; {place}"
    assert error.remedy.endswith(f"creates {reference}.")
    assert "house-prices-DB_PASSWORD" not in f"{error.what}{error.why}{error.remedy}"
