"""Lambda of the local cloud: functions that really run.

moto holds their configuration (`control`, `lambda_backend`). An invocation (`invoke`, `invocations`) takes a warm
worker or starts one (`pool`): a process under awslambdaric (`workers`), in a virtual environment of its own
(`runtimes`, `sandbox`), that logs into CloudWatch Logs.
"""

from moto.awslambda import models, responses

from awsprov.local import interpreters
from awsprov.local.cloud import Cloud
from awsprov.local.event_loop import EventLoop
from awsprov.local.iam import role_sessions
from awsprov.local.lambda_ import control, registry


def install(cloud: Cloud, loop: EventLoop) -> None:
    """Replace moto's classes by ours. Call it before moto's first use, and before pickled state is read.

    Arguments:
        cloud: whose functions run.
        loop: on which they run.
    """
    interpreters.record(cloud.directory)
    for name, replacement in control.REPLACEMENTS.items():
        replacement.__module__ = models.__name__  # where pickle looks for it, and moto for its urls.py
        setattr(models, name, replacement)
    models.lambda_backends.backend = control.LocalLambda
    responses.LambdaResponse.invoke = control.handle_invoke
    role_sessions.install()
    registry.start(cloud, loop)


def close() -> None:
    """End all workers and drop the events that are still queued."""
    registry.stop()
