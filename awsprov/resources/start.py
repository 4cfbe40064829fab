"""Goes into the bundle of a function with secrets, and runs before its handler: puts their values into the environment.

Standard library and the runtime's own boto3 only. The values live in this process and nowhere else.
"""

import importlib
import json
import os
from typing import Any

import boto3


def _value(reference: str) -> str:
    scheme, _, name = reference.partition(":")
    if scheme == "ssm":
        answer: Any = boto3.client("ssm").get_parameter(Name=name, WithDecryption=True)
        return str(answer["Parameter"]["Value"])
    return str(boto3.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"])


os.environ.update({name: _value(reference) for name, reference in json.loads(os.environ["AWSPROV_SECRETS"]).items()})
_module, _, _function = os.environ["AWSPROV_HANDLER"].rpartition(".")
handler = getattr(importlib.import_module(_module), _function)
