"""Lambda functions that really run.

moto keeps them (`control`); an invocation (`invoke`, `invocations`) finds a warm worker or starts one (`pool`), a
process under awslambdaric (`workers`) in a virtual environment of its own (`runtimes`, `sandbox`), and logs into
CloudWatch Logs.
"""

from moto.awslambda import models, responses

from awsprov.local import interpreters
from awsprov.local.cloud import Cloud
from awsprov.local.lambda_ import control, registry


def install(cloud: Cloud) -> None:
    """Put our classes into moto, before its first use, and before pickled state is read."""
    interpreters.record(cloud.directory)
    for name, hooked in control.HOOKS.items():
        hooked.__module__ = models.__name__  # where pickle will look for it, and moto for its urls.py
        setattr(models, name, hooked)
    models.lambda_backends.backend = control.LocalLambda
    responses.LambdaResponse.invoke = control.answer_invoke
    registry.start(cloud)


def close() -> None:
    """End all workers, and forget the events that are still queued."""
    registry.stop()
