"""pause and resume: a stack that costs next to nothing for a while, with its data and its functions."""

import time

import click

from awsprov.cli.help_format import Command
from awsprov.cli.options import Settings, common, pass_settings
from awsprov.cli.run_context import working
from awsprov.cli.session import Session, confirm, open_session, say
from awsprov.engine.estimate import Forecast, forecast_subset
from awsprov.errors import NoStackError
from awsprov.resources.compute.builder import Builder
from awsprov.ui.json_output import print_json


@click.command(cls=Command)
@common()
@pass_settings
def pause(settings: Settings) -> int:
    """Stop paying by the hour: NAT gateways, their addresses and routes go, and the builder is stopped.

    File system, libraries, functions and API stay, and answer; functions do not reach the internet meanwhile. `up`
    and `deploy` leave a paused stack paused. A gateway that `resume` makes has another public address.

    \b
    Examples:
      awsprov pause
      awsprov pause --local --yes
    """
    began = time.monotonic()
    session = _standing(settings)
    if not session.config.paused:
        _warn(session)
        confirm(settings, f"Pause stack {session.config.stack}?")
    with session.lock():
        turn(session, paused=True)
        with working(session, _ways_out(session)) as engine:
            engine.apply_pause()
        for builder in _builders(session):
            builder.stop(session.aws)
    return _tell(session, "paused", began)


@click.command(cls=Command)
@common()
@pass_settings
def resume(settings: Settings) -> int:
    """Bring a paused stack back as it was: NAT gateways with new addresses, and the routes to them.

    \b
    Examples:
      awsprov resume
      awsprov resume --local --json
    """
    began = time.monotonic()
    session = _standing(settings)
    with session.lock():
        turn(session, paused=False)
        with working(session, _ways_out(session)) as engine:
            engine.apply_pause()
        for builder in _builders(session):
            if builder.when_idle == "keep":
                builder.start(session.aws)
    return _tell(session, "resumed", began)


def turn(session: Session, *, paused: bool) -> None:
    """Write down what is wanted before anything is done: a crash leaves a stack that the same command brings there."""
    session.state.set_paused(paused)
    session.config = session.config.model_copy(update={"paused": paused})
    session.declare_anew()


def _standing(settings: Settings) -> Session:
    """A session with a stack of which something is written down."""
    session = open_session(settings)
    if not any(record.id for record in session.state.records.values()):
        again = settings.again("up")
        raise NoStackError(f"There is no stack {session.config.stack} here.", remedy=f"{again} makes it, or finds it.")
    return session


def _builders(session: Session) -> list[Builder]:
    return [builder for builder in session.stack.of(Builder) if builder.id.startswith("i-")]


def _warn(session: Session) -> None:
    """What will not work meanwhile."""
    functions = [name for name, function in session.config.functions.items() if function.start_secrets]
    if functions and session.config.network.nat != "none":
        why = "their secrets are read over the internet, and that is closed"
        say(session.settings, f"Note: new instances of {', '.join(functions)} will not start: {why}.")


def _tell(session: Session, done: str, began: float) -> int:
    settings, changes = session.settings, session.aws.mutations
    if settings.json:
        print_json(done, stack=session.config.stack, changes=changes)
        return 0
    seconds = time.monotonic() - began
    click.echo(f"{session.config.stack} is {done}." if changes else f"{session.config.stack} is {done} already.")
    if changes:
        say(settings, f"{changes} changes in {seconds:.1f} s.")
    return 0


def _ways_out(session: Session) -> Forecast:
    return forecast_subset([r for r in session.stack if r.pausable], session.stack, session.is_local)
