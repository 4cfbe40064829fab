"""A profile without valid credentials: every command that calls AWS reports them, with their exit code."""

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Call

EXPIRED = (
    '{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "b", "SessionToken": "c",'
    ' "Expiration": "2020-01-01T00:00:00Z"}'
)
PROFILES = """\
[profile sso]
sso_session = my
sso_account_id = 123456789012
sso_role_name = x
region = us-east-1
[sso-session my]
sso_region = us-east-1
sso_start_url = https://example.awsapps.com/start
[profile expired]
credential_process = cat {credentials}
[profile gone]
credential_process = /nonexistent/tool
[profile bad]
credential_process = echo no-json
"""


@pytest.fixture
def profiles(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration of the AWS CLI with profiles that have no valid credentials."""
    (project / "expired.json").write_text(EXPIRED)
    (project / "aws").write_text(PROFILES.format(credentials=project / "expired.json"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(project / "aws"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")


@pytest.mark.parametrize("profile", ["sso", "expired", "gone", "bad", "unknown"])
@pytest.mark.parametrize("command", ["plan", "down"])
def test_a_profile_without_valid_credentials_ends_with_3(
    awsprov: Call, profiles: None, command: str, profile: str
) -> None:
    result = awsprov(command, "--yes", "--profile", profile)
    assert result.code == (2 if profile == "unknown" else 3), result.err
    assert "has a bug" not in result.err
    assert "What to do:" in result.err


@pytest.mark.parametrize("profile", ["expired", "gone", ""])
def test_doctor_says_once_what_to_do(
    awsprov: Call, profiles: None, monkeypatch: pytest.MonkeyPatch, profile: str
) -> None:
    if profile:
        monkeypatch.setenv("AWS_PROFILE", profile)
    result = awsprov("doctor")
    assert result.code == 3
    assert ["credentials" in line or "clock" in line for line in result.out.splitlines()] == [True, False, True]


def test_an_unknown_profile_of_the_environment_is_named(
    awsprov: Call, profiles: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "unknown")
    assert "There is no AWS profile 'unknown'" in awsprov("plan").err
