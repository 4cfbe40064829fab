"""Return the mean of numbers, with numpy imported from EFS."""

import base64
import json

import numpy as np


def lambda_handler(event, context):
    """Return the mean of the numbers in the request body, such as {"numbers": [1, 2, 3]}."""
    body = json.loads(text(event)) if "body" in event else event
    mean = float(np.mean(body.get("numbers", [0])))
    return {"statusCode": 200, "body": json.dumps({"mean": mean, "numpy": np.__version__})}


def text(event):
    """Return the body of a request. HTTP APIs send what is not declared as text or JSON in base64."""
    body = event["body"]
    return base64.b64decode(body) if event.get("isBase64Encoded") else body
