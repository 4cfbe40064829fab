"""explain: find out why requests to a function fail."""

from dataclasses import replace

import click

from awsprov.cli.check_view import check_lines
from awsprov.cli.help_format import Command
from awsprov.cli.options import common, function_argument, pass_settings
from awsprov.cli.output import note
from awsprov.cli.project import open_project
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import echo
from awsprov.diagnose import Context, diagnose
from awsprov.operations.checks import CheckResult
from awsprov.project.project import Project
from awsprov.ui.json_output import print_json


@click.command(cls=Command)
@function_argument
@common()
@pass_settings
def explain(settings: Settings, function: str | None) -> int:
    """Find out why requests to a FUNCTION, or to all, fail: check each part, from the API to the handler's response.

    Stops at the first check that fails and shows what was found and what to do. It reads the logs since the live
    version went live. Changes nothing; starts the function without calling its handler, or sends its smoke request, if
    it has one. Exits with 1 if a check fails.

    \b
    Examples:
      awsprov explain
      awsprov explain -n similarity --json
    """
    project = open_project(settings, function=function)
    names = project.config.function_names(function)
    project.engine().refresh()
    if not project.stack.present:
        raise project.no_stack()
    passed = [_explain(settings, project, name) for name in names]
    return 0 if all(passed) else 1


def _explain(settings: Settings, project: Project, name: str) -> bool:
    """Check one function, and print the results; return whether no check failed."""
    results = []
    for found in diagnose(Context(project.stack, project.aws, name)):
        result = replace(found, remedy=settings.complete(found.remedy))
        results.append(result)
        if not settings.json:
            echo(check_lines(result))
    failed = next((result.name for result in results if result.status == "failed"), None)
    if settings.json:
        print_json("explained", function=name, checks=[result.document() for result in results], failed=failed)
    else:
        note(settings, f"{name}: {_conclusion(results)}")
    return failed is None


def _conclusion(results: list[CheckResult]) -> str:
    by_status = {result.status: result.name for result in reversed(results)}  # the first of each status
    if "failed" in by_status:
        return f"check failed: {by_status['failed']}."
    unknown = [result.name for result in results if result.status != "ok"]
    if unknown:
        return f"no check failed, but {', '.join(unknown)} could not be checked."
    return "all checks passed, and no request has failed since the live version went live."
