"""pause and resume: no hourly costs for a while; data and functions stay."""

import time

import click

from awsprov.cli.help_format import Command
from awsprov.cli.options import common, pass_settings
from awsprov.cli.output import confirm, note, print_result
from awsprov.cli.project import open_project
from awsprov.cli.run_context import working
from awsprov.cli.settings import Settings
from awsprov.engine.estimate import forecast_subset
from awsprov.pricing.estimate import HOURS
from awsprov.pricing.price_table import prices_of
from awsprov.project.project import Project
from awsprov.resources.network.addresses import ElasticIp


@click.command(cls=Command)
@click.option("--keep-address", is_flag=True, help="Keep the public addresses, which AWS continues to bill.")
@common()
@pass_settings
def pause(settings: Settings, keep_address: bool) -> int:
    """Stop hourly costs: delete the NAT gateways or the NAT instance, their addresses and routes, and stop the builder.

    File system, libraries, functions and API stay, and answer requests; functions cannot reach the internet until
    `resume`. `up` and `deploy` leave a paused stack paused. `resume` creates them again with new public addresses,
    unless --keep-address kept them; an address of `network.address` always stays.

    \b
    Examples:
      awsprov pause
      awsprov pause --local --yes
      awsprov pause --keep-address
    """
    began = time.monotonic()
    project = open_project(settings)
    project.require_stack()
    if not project.config.paused:
        project.refuse_when_locked()
        _warn(settings, project)
        if keep_address:
            note(settings, _price(project))
        confirm(settings, f"Pause stack {project.config.stack}?")
    _set_paused(settings, project, True, keep_address)
    return _print(settings, project, "paused", began)


@click.command(cls=Command)
@common()
@pass_settings
def resume(settings: Settings) -> int:
    """Create a paused stack's NAT gateways or NAT instance again, and the routes to them.

    They get new public addresses, unless those were kept.

    \b
    Examples:
      awsprov resume
      awsprov resume --local --json
    """
    began = time.monotonic()
    project = open_project(settings)
    _set_paused(settings, project, False)
    return _print(settings, project, "resumed", began)


def _set_paused(settings: Settings, project: Project, paused: bool, keep_address: bool = False) -> None:
    with project.lock():
        project.set_paused(paused, keep_address)
        changing = [r for r in project.stack if r.pausable]
        with working(settings, project, forecast_subset(changing, project.stack, project.is_local)):
            project.apply_pause()


def _warn(settings: Settings, project: Project) -> None:
    """Warn about what does not work while the stack is paused."""
    functions = [name for name, function in project.config.functions.items() if function.start_secrets]
    if functions and project.config.network.nat != "none":
        why = "they read their secrets over the internet, which they cannot reach while the stack is paused"
        note(settings, f"Note: new instances of {', '.join(functions)} will not start: {why}.")


def _price(project: Project) -> str:
    """Return what the kept addresses cost while the stack is paused."""
    count, prices = len(project.stack.of(ElasticIp)), prices_of(project.config.region, project.config.state_dir)
    hour = prices.unit("address_hour") if prices else None
    if not count:
        return "The stack has no address of its own to keep."
    kept = "its address is" if count == 1 else f"its {count} addresses are"
    price = (
        "AWS bills it by the hour"
        if hour is None
        else f"${count * hour:g} an hour, ${count * hour * HOURS:.2f} a month"
    )
    return f"Note: {kept} kept while the stack is paused: {price}."


def _print(settings: Settings, project: Project, done: str, began: float) -> int:
    stack, changes = project.config.stack, project.aws.mutations
    print_result(
        settings,
        done,
        f"{stack} is {done}." if changes else f"{stack} is already {done}.",
        stack=stack,
        changes=changes,
    )
    if changes:
        note(settings, f"{changes} changes in {time.monotonic() - began:.1f} s.")
    return 0
