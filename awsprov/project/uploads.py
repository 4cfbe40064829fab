"""Notes on the uploads, and checks of them: the code of the functions, and the files that go with the libraries."""

from collections.abc import Iterator

from awsprov.config.models import Config
from awsprov.engine.plan import Plan
from awsprov.packaging.missing_imports import source_warnings
from awsprov.resources.function.function import Function


def left_out(config: Config) -> Iterator[str]:
    """Yield a sentence on each upload from which files are left out that look like secrets.

    Raises:
        UsageError: something in a directory cannot be uploaded.
    """
    uploads = [(f"the code of {name}", f"functions.{name}", function.source, config.upload_rules(name))
               for name, function in config.functions.items()]  # fmt: skip
    if files := config.file_environment:
        uploads.append(("the files", "libraries", files.directory, files.rules))
    for what, key, directory, rules in uploads:
        if note := rules.select(directory).note(what, key):
            yield note


def code_warnings(config: Config) -> list[str]:
    """Return a sentence on each import of a handler that would fail; none while the libraries are not resolved."""
    lock = config.environment.lock
    if not lock.packages and lock.state != "fresh":
        return []
    about = (lock.target.python, lock.pins, lock.requirements.name)
    functions = config.functions.values()
    found = [text for each in functions for text in source_warnings(each.source, each.handler, *about)]
    return list(dict.fromkeys(found))  # functions may share their code


def check_new_code(plan: Plan) -> None:
    """Build the zips of new functions: if Lambda would refuse one, before the network and the libraries are created.

    Those of other functions have been compared with the code on Lambda.

    Raises:
        UsageError: something in a source directory cannot be uploaded, or its size exceeds Lambda's limits.
    """
    for change in plan.of("create"):
        if isinstance(change.resource, Function):
            _ = change.resource.bundle.content  # it is kept, for the upload
