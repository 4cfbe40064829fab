"""A function that looks up a host of AWS is refused: `--local` is a closed world."""

import base64
import subprocess
from pathlib import Path

import pytest

from awsprov.local.lambda_ import worker_process
from tests.local.serving.conftest import Lambda

LOOKUP = """
import boto3

def handler(event, context):
    client = boto3.client("s3", endpoint_url=event["url"]) if event["library"] == "boto3" else None
    try:
        if client:
            client.list_buckets()
        else:
            import urllib.request
            urllib.request.urlopen(event["url"], timeout=5)
    except Exception as error:
        return str(error)
"""


def test_a_connection_to_aws_is_refused_with_the_setting_of_the_library(functions: Lambda) -> None:
    functions.create("lookup", LOOKUP, Timeout=20)
    url = "https://s3.eu-west-1.amazonaws.com"
    response = functions.invoke("lookup", {"library": "boto3", "url": url}, LogType="Tail")
    assert "s3.eu-west-1.amazonaws.com is a host of AWS" in response["Payload"]
    assert 'boto3.client(…, endpoint_url=os.environ["AWS_ENDPOINT_URL"])' in response["Payload"]
    assert b"is a host of AWS" in base64.b64decode(response["LogResult"])
    for host in ("dynamodb.us-east-1.api.aws", "sqs.cn-north-1.amazonaws.com.cn", "b.s3.amazonaws.com"):
        answer = functions.invoke("lookup", {"library": "urllib", "url": f"https://{host}/x"})["Payload"]
        assert f"{host} is a host of AWS" in answer
    for own in ("db.abc.us-east-1.rds.amazonaws.com.invalid", "amazonaws.com.example.invalid"):
        answer = functions.invoke("lookup", {"library": "urllib", "url": f"https://{own}/x"})["Payload"]
        assert "is a host of AWS" not in answer


@pytest.mark.parametrize(
    ("host", "refused"),
    [
        ("s3.us-east-1.amazonaws.com", True),
        ("S3.amazonaws.com.", True),
        ("169.254.169.254", False),
        ("db.x1.us-east-1.rds.amazonaws.com", False),
        ("ec2-3-1-2-4.compute-1.amazonaws.com", False),
        ("myamazonaws.com", False),
        ("example.org", False),
    ],
)
def test_servers_of_users_are_no_hosts_of_aws(runtime: Path, host: str, refused: bool) -> None:
    """Their names are in domains of AWS, too. Nothing is looked up: the hook is called alone."""
    source = Path(worker_process.__file__).with_name("aws_hosts.py").read_text().rpartition("sys.addaudithook")[0]
    call = f"_refuse_aws_hosts('socket.getaddrinfo', ({host!r}, 443))"
    ended = subprocess.run([runtime, "-c", f"{source}\n{call}"], capture_output=True, text=True, check=False)
    assert ("AwsHostError" in ended.stderr) is refused, ended.stderr
    assert ended.returncode == int(refused)
