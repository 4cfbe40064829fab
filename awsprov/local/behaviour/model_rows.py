"""The error codes with which services refuse what does not fit their model, and where services differ from it."""

from dataclasses import dataclass, field

from awsprov.local.behaviour.fidelity_row import API, ESTIMATE, MODEL, REPORTS, FidelityRow

_VALIDATION = "ValidationException"


@dataclass(frozen=True)
class ModelCheck(FidelityRow):
    """A service whose requests are checked, and the error code for one that does not fit the model.

    Arguments:
        service: botocore's name of the service; empty for all others.
        code: the error code.
    """

    service: str
    code: str
    moto: str = field(default="checks few parameters", kw_only=True)

    @property
    def title(self) -> str:
        subject = f"A request to {self.service}" if self.service else "A request to any other service"
        return f"{subject} that does not fit the service model"

    @property
    def on_aws(self) -> str:
        return f"`{self.code}`"


MODEL_CHECKS = (
    ModelCheck("lambda", _VALIDATION, source=f"{REPORTS} (serverless issue 4918)"),
    ModelCheck("efs", _VALIDATION, source=f"{REPORTS} (aws-efs-csi-driver issue 1073)"),
    ModelCheck("iam", "ValidationError", source=API),
    ModelCheck("sts", "ValidationError", source=API),
    ModelCheck("logs", "InvalidParameterException", source=MODEL),
    ModelCheck("apigateway", "BadRequestException", source=MODEL),
    ModelCheck("apigatewayv2", "BadRequestException", source=MODEL),
    ModelCheck("resourcegroupstaggingapi", "InvalidParameterException", source=MODEL),
    ModelCheck("pricing", "InvalidParameterException", source=MODEL),
    ModelCheck("cloudwatch", "InvalidParameterValue", source=MODEL),
    ModelCheck(
        "ec2",
        "InvalidParameterValue",
        aws="`InvalidParameterValue`; `MissingParameter` without a required parameter",
        source=API,
    ),
    ModelCheck("", _VALIDATION, source=ESTIMATE),
)
ERROR_CODES = {row.service: row.code for row in MODEL_CHECKS}

# The error codes for values of other types than in the model; that of other services is SerializationException.
MALFORMED = {"iam": "MalformedInput", "sts": "MalformedInput", "ec2": "InvalidParameterValue"}

# Members whose choices are refused with an error code of their own.
INVALID_CHOICE = {("lambda", "runtime"): "InvalidParameterValueException"}


@dataclass(frozen=True)
class ModelException(FidelityRow):
    """A constraint of a model that the service does not enforce.

    Arguments:
        operation: `service:Operation`.
        member: the member, as in error messages.
    """

    operation: str
    member: str

    @property
    def title(self) -> str:
        return f"`{self.member}` of {self.operation.partition(':')[2]} that does not fit the service model"


MODEL_EXCEPTIONS = (
    ModelException(
        "ec2:RunInstances",
        "instanceType",
        aws="accepted if EC2 has the type by now; otherwise `InvalidParameterValue`",
        moto="`InvalidInstanceType`",
        local="as AWS, with moto's table of types",
        source=f"{REPORTS} (moto issue 1695)",
    ),
)
EXCEPTED = frozenset((row.operation, row.member) for row in MODEL_EXCEPTIONS)
