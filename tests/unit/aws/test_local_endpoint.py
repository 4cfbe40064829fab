"""The local cloud's endpoint: its clients call nothing else, whatever is set in the shell and in ~/.aws."""

from functools import cached_property
from pathlib import Path

import pytest

from awsprov.aws.client import Aws
from awsprov.aws.clients import Clients
from awsprov.aws.errors import explain
from awsprov.aws.http import http
from awsprov.aws.local_endpoint import LocalEndpoint
from awsprov.errors import CredentialsError, UsageError
from tests.unit.endpoint import Endpoint

DEAD = "http://127.0.0.1:9"
FAR = "https://lambda.us-east-1.amazonaws.com"
SHELLS: dict[str, dict[str, str]] = {
    "proxies": dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"), DEAD)
    | {"NO_PROXY": "elsewhere"},
    "a profile": {"AWS_PROFILE": "gone", "AWS_DEFAULT_PROFILE": "gone"},
    "an endpoint": {"AWS_ENDPOINT_URL": FAR, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
    "endpoints of services": {f"AWS_ENDPOINT_URL_{name}": FAR for name in ("STS", "EC2", "LAMBDA", "IAM", "EFS")},
    "credentials": {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "x", "AWS_SESSION_TOKEN": "y"},
    "a region": {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"},
    "other endpoints of AWS": {"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"},
    "monitoring": {"AWS_CSM_ENABLED": "true", "AWS_CSM_HOST": "192.0.2.1"},
    "models": {"AWS_DATA_PATH": "/nonexistent", "AWS_CA_BUNDLE": "/nonexistent", "AWS_MAX_ATTEMPTS": "many"},
}
FILES = {
    "a default profile": f"[default]\nregion = eu-west-1\nendpoint_url = {FAR}\nca_bundle = /nonexistent\n",
    "services": f"[default]\nservices = far\n[services far]\nec2 =\n  endpoint_url = {FAR}\n",
    "a role": "[default]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = default\n",
    "a process": "[default]\ncredential_process = /bin/false\n",
    "no section": "region eu-west-1\n",
    "nested wrongly": "[default]\ns3 =\n  x\n y = 1\n[default]\n",
    "bytes": "\x00\x01[\n",
}


@pytest.fixture
def local(endpoint: Endpoint) -> LocalEndpoint:
    return LocalEndpoint(endpoint.url, "LOCALKEY", "secret", "3.12")


def check(local: LocalEndpoint, endpoint: Endpoint) -> None:
    """Every client calls the local endpoint, signed with its key."""
    endpoint.requests.clear()
    aws = Aws("demo", "us-east-1", local=local)
    clients = [getattr(aws, name) for name, value in vars(Clients).items() if isinstance(value, cached_property)]
    assert len(clients) > 10
    assert {client.meta.endpoint_url for client in clients} == {local.url}
    assert {client.meta.config.proxies == {} for client in clients} == {True}
    aws.efs.describe_file_systems()
    aws.lambda_.list_functions()
    assert len(endpoint.requests) == 2
    assert all("Credential=LOCALKEY/" in headers["Authorization"] for _, _, headers in endpoint.requests)
    assert all("/us-east-1/" in headers["Authorization"] for _, _, headers in endpoint.requests)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_variables_of_the_shell_change_nothing(
    shell: str, local: LocalEndpoint, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    for name, value in SHELLS[shell].items():
        monkeypatch.setenv(name, value)
    check(local, endpoint)
    assert http("POST", local.url, b"{}").status == 200


@pytest.mark.parametrize("shape", FILES)
def test_no_file_is_read(
    shape: str, local: LocalEndpoint, endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text(FILES[shape])
    for variable in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(variable, str(tmp_path / "file"))
        check(local, endpoint)
        monkeypatch.delenv(variable)


@pytest.mark.parametrize("url", [FAR, "http://10.0.0.1:4566", "http://127.0.0.1.example.com", "file:///x", ""])
def test_an_endpoint_elsewhere_is_not_local(url: str) -> None:
    with pytest.raises(UsageError, match="not an endpoint on this machine"):
        LocalEndpoint(url, "key", "secret", "3.12")


# ---- credentials of a profile, on AWS

EXPIRED = """echo '{"Version":1,"AccessKeyId":"a","SecretAccessKey":"b","Expiration":"2020-01-01T00:00:00Z"}'"""
PROFILES = {
    "sso without a token": "sso_session = my\nsso_account_id = 1\nsso_role_name = x\n[sso-session my]\n"
    "sso_region = us-east-1\nsso_start_url = https://example.com/start\n",
    "sso, incomplete": "sso_start_url = https://example.com/start\nsso_region = us-east-1\n",
    "an expired process": "credential_process = {script}\n",
    "a missing process": "credential_process = /nonexistent/tool\n",
    "a process that fails": "credential_process = /bin/false\n",
    "half a key": "aws_access_key_id = AKIA\n",
    "a role without a source": "role_arn = arn:aws:iam::123456789012:role/x\nsource_profile = gone\n",
    "a role of itself": "role_arn = arn:aws:iam::123456789012:role/x\nsource_profile = other\n"
    "[profile other]\nrole_arn = arn:aws:iam::123456789012:role/y\nsource_profile = work\n",
}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_without_valid_credentials_is_an_error_of_credentials(
    profile: str, endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\n{EXPIRED}\n")
    script.chmod(0o755)
    (tmp_path / "config").write_text(f"[profile work]\n{PROFILES[profile]}".format(script=script))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    assert endpoint.url
    with pytest.raises(Exception) as caught:  # noqa: PT011 - botocore raises exceptions of many classes
        _ = Aws("demo", "us-east-1", "work").caller
    assert isinstance(explain(caught.value), CredentialsError)
