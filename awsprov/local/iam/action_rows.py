"""Which IAM actions the operations need whose names differ from those of the actions.

All other operations need the action of their own name, if AWS's service authorization reference has it.
"""

from dataclasses import dataclass

_API = "AWS API reference"
_S3 = 'Amazon S3 user guide, "Required permissions for Amazon S3 API operations"'
_TRANSACTIONS = 'Amazon DynamoDB developer guide, "Using IAM with DynamoDB transactions"'
_PARTIQL = 'Amazon DynamoDB developer guide, "IAM security policies with PartiQL for DynamoDB"'


@dataclass(frozen=True)
class ActionRow:
    """An operation, and the actions that it needs.

    Arguments:
        operation: `service:Operation`.
        actions: the IAM actions.
        note: when it needs them.
        source: for that.
    """

    operation: str
    actions: tuple[str, ...]
    note: str = ""
    source: str = _API


def _same(service: str, operations: str, action: str, source: str) -> tuple[ActionRow, ...]:
    return tuple(ActionRow(f"{service}:{each}", (action,), source=source) for each in operations.split())


# The rows that one name of an operation decides.
ACTION_ROWS = (
    *_same("s3", "ListObjects ListObjectsV2 HeadBucket", "s3:ListBucket", _S3),
    *_same("s3", "HeadObject SelectObjectContent", "s3:GetObject", _S3),
    *_same("s3", "CreateMultipartUpload UploadPart CompleteMultipartUpload", "s3:PutObject", _S3),
    *_same("s3", "ListBuckets", "s3:ListAllMyBuckets", _S3),
    *_same("s3", "ListObjectVersions", "s3:ListBucketVersions", _S3),
    *_same("s3", "ListMultipartUploads", "s3:ListBucketMultipartUploads", _S3),
    *_same("s3", "ListParts", "s3:ListMultipartUploadParts", _S3),
    *_same("s3", "GetBucketEncryption", "s3:GetEncryptionConfiguration", _S3),
    *_same("s3", "PutBucketEncryption DeleteBucketEncryption", "s3:PutEncryptionConfiguration", _S3),
    *_same("s3", "GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration", _S3),
    *_same("s3", "PutBucketLifecycleConfiguration DeleteBucketLifecycle", "s3:PutLifecycleConfiguration", _S3),
    *_same("s3", "GetBucketNotificationConfiguration", "s3:GetBucketNotification", _S3),
    *_same("s3", "PutBucketNotificationConfiguration", "s3:PutBucketNotification", _S3),
    *_same("s3", "GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock", _S3),
    *_same("s3", "PutPublicAccessBlock DeletePublicAccessBlock", "s3:PutBucketPublicAccessBlock", _S3),
    *_same("s3", "GetBucketReplication", "s3:GetReplicationConfiguration", _S3),
    *_same("s3", "PutBucketReplication DeleteBucketReplication", "s3:PutReplicationConfiguration", _S3),
    *_same("s3", "DeleteBucketCors", "s3:PutBucketCORS", _S3),
    *_same("s3", "DeleteBucketTagging", "s3:PutBucketTagging", _S3),
    ActionRow("s3:GetObjectAttributes", ("s3:GetObject", "s3:GetObjectAttributes"), source=_S3),
    *_same(
        "lambda", "Invoke InvokeAsync InvokeWithResponseStream", "lambda:InvokeFunction", "AWS Lambda developer guide"
    ),
    *_same("sqs", "SendMessageBatch", "sqs:SendMessage", "Amazon SQS developer guide, API permissions"),
    *_same("sqs", "DeleteMessageBatch", "sqs:DeleteMessage", "Amazon SQS developer guide, API permissions"),
    *_same("sqs", "ChangeMessageVisibilityBatch", "sqs:ChangeMessageVisibility", "Amazon SQS developer guide"),
    *_same("sns", "PublishBatch", "sns:Publish", "Amazon SNS developer guide, API permissions"),
    ActionRow("kms:ReEncrypt", ("kms:ReEncryptFrom", "kms:ReEncryptTo"), source=_API),
    *_same("bedrock-runtime", "InvokeModel Converse", "bedrock:InvokeModel", _API),
    *_same(
        "bedrock-runtime",
        "InvokeModelWithResponseStream ConverseStream",
        "bedrock:InvokeModelWithResponseStream",
        _API,
    ),
)
ACTIONS = {row.operation: row.actions for row in ACTION_ROWS}


# Rows for which the parameters decide, too. Other modules implement them; they are here for `docs/fidelity.md` only.
PARAMETER_ROWS = (
    ActionRow("s3:CopyObject and UploadPartCopy", ("s3:PutObject", "s3:GetObject of the source"), source=_S3),
    ActionRow("s3:DeleteObjects", ("s3:DeleteObject of each key",), source=_S3),
    ActionRow("s3:GetObject and HeadObject", ("s3:GetObjectVersion",), "with a version ID", source=_S3),
    ActionRow("s3:DeleteObject", ("s3:DeleteObjectVersion",), "with a version ID", source=_S3),
    ActionRow("s3:PutObject", ("s3:PutObject", "s3:PutObjectTagging"), "with tags", source=_S3),
    ActionRow("s3:PutObject", ("s3:PutObject", "s3:PutObjectAcl"), "with an ACL", source=_S3),
    ActionRow(
        "s3:GetObject and HeadObject",
        ("s3:GetObject", "s3:ListBucket"),
        "of a key that does not exist (without s3:ListBucket: 403 instead of 404)",
        source=_API,
    ),
    ActionRow("dynamodb:TransactGetItems", ("dynamodb:GetItem of each table",), source=_TRANSACTIONS),
    ActionRow(
        "dynamodb:TransactWriteItems",
        ("dynamodb:PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem of each table"),
        "for what it contains",
        source=_TRANSACTIONS,
    ),
    ActionRow(
        "dynamodb:ExecuteStatement, BatchExecuteStatement and ExecuteTransaction",
        ("dynamodb:PartiQLSelect", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete"),
        "for what it contains",
        source=_PARTIQL,
    ),
    ActionRow(
        "secretsmanager:BatchGetSecretValue",
        ("secretsmanager:BatchGetSecretValue", "secretsmanager:GetSecretValue of each secret"),
        source=_API,
    ),
)
