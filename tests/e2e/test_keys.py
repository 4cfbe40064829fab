"""The three kinds of SSH key, each through a whole life: one of awsprov's own, a public key file, one on AWS."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from tests.e2e.projects import Client, Project

pytestmark = pytest.mark.xdist_group("libraries")

Prepare = Callable[[Project, Client], str]


def write_key(key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey, path: Path) -> None:
    """Write a private key, and beside it the public one, as ssh-keygen does."""
    plain, openssh = serialization.NoEncryption(), serialization.PrivateFormat.OpenSSH
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, openssh, plain))
    path.chmod(0o600)
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    path.with_suffix(".pub").write_bytes(public + b" ana@laptop\n")


def own(project: Project, client: Client) -> str:
    return ""


def file_of_ed25519(project: Project, client: Client) -> str:
    write_key(ed25519.Ed25519PrivateKey.generate(), project.home / "id")
    return "keypair: {public_key: id.pub}\n"


def file_of_rsa(project: Project, client: Client) -> str:
    write_key(rsa.generate_private_key(65537, 3072), project.home / "elsewhere")
    (project.home / "elsewhere.pub").rename(project.home / "id.pub")
    return "keypair: {public_key: id.pub, private_key: elsewhere}\n"


def on_aws(project: Project, client: Client) -> str:
    material = client("ec2").create_key_pair(KeyName="ours", KeyType="rsa", KeyFormat="pem")["KeyMaterial"]
    (project.home / "ours.pem").write_text(material)
    (project.home / "ours.pem").chmod(0o600)
    return "keypair: {name: ours, private_key: ours.pem}\n"


@pytest.mark.parametrize("prepare", [own, file_of_ed25519, file_of_rsa, on_aws])
def test_each_kind_of_key_opens_sessions_from_up_to_down(
    make_project: Callable[[str], Project],
    client: Client,
    inventory: Callable[[str], dict[str, list[str]]],
    prepare: Prepare,
) -> None:
    project = make_project(prepare.__name__.replace("_", "-"))
    before = {each["KeyName"] for each in client("ec2").describe_key_pairs()["KeyPairs"]}
    project.config.write_text(project.config.read_text() + prepare(project, client) + "network: {nat: none}\n")
    files = {path: path.read_bytes() for path in project.home.glob("*") if path.is_file()}
    project.run("up", "--yes")
    assert project.json("up", "--yes")["mutations"] == 0
    assert json.loads(project.run("invoke").stdout)["library"] == "1.0"
    (environment,) = project.run("ssh", "--", "ls", "efs/envs").stdout.split()
    handler = project.home / "lambda_src" / "lambda_function.py"
    handler.write_text(handler.read_text().replace('"answering"', '"answers"'))
    project.run("deploy", "--yes")
    assert environment in json.loads(project.run("invoke").stdout)["from"]
    created = inventory(project.name).get("keys", [])
    assert len(created) == (0 if prepare is on_aws else 1)
    project.run("down", "--yes")
    assert inventory(project.name) == {}
    assert {path: path.read_bytes() for path in files} == files
    left = {each["KeyName"] for each in client("ec2").describe_key_pairs()["KeyPairs"]}
    assert left == before | ({"ours"} if prepare is on_aws else set())
