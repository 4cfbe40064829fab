"""The modules of Lambda's runtime, which a handler may import although they are not in its requirements."""

RUNTIME = (
    "boto3",
    "botocore",
    "s3transfer",
    "jmespath",
    "dateutil",
    "urllib3",
    "six",
    "awslambdaric",
    "snapshot_restore_py",
)
