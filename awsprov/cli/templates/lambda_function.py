"""Return the mean of numbers, with numpy imported from EFS."""

import json

import numpy as np


def lambda_handler(event, context):
    """Return the mean of the numbers in the request body, such as {"numbers": [1, 2, 3]}."""
    body = json.loads(event["body"]) if "body" in event else event
    mean = float(np.mean(body.get("numbers", [0])))
    return {"statusCode": 200, "body": json.dumps({"mean": mean, "numpy": np.__version__})}
