"""`expunge dashboard`: an overview of a stage in the browser, read with the operator's own credentials."""

from __future__ import annotations

from contextlib import nullcontext
from http.server import ThreadingHTTPServer

import click

from cli.dashboard.audit import Audit
from cli.dashboard.feed import Feed
from cli.dashboard.opening import opened
from cli.dashboard.operators_log import OperatorsLog
from cli.dashboard.recycle_bin import RecycleBin
from cli.dashboard.server import LOOPBACK, Room, serve
from cli.dashboard.sums import overview
from cli.evidence.stores import bucket_of
from cli.operator_api import reach
from cli.options import options
from cli.output import say
from cli.target import find

_EPILOG = """\b
Examples:
  expunge dashboard                           the local stack
  expunge dashboard --stage prod --days 30    a stage on AWS"""


@click.command(epilog=_EPILOG)
@click.option("--days", type=click.FloatRange(0.1, 90), default=7, show_default=True, help="How far back.")
@click.option(
    "--org", "orgs", multiple=True, help="An org whose policies and pauses are shown too; may be repeated."
)
@click.option(
    "--most", type=click.IntRange(50, 20_000), default=2000, show_default=True, help="Deletions at most."
)
@click.option(
    "--every", type=click.FloatRange(1, 3600), default=10, show_default=True, help="Seconds between reads."
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Default: a free one.")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@options
def dashboard(
    days: float,
    orgs: tuple[str, ...],
    most: int,
    every: float,
    port: int,
    no_browser: bool,
    stage: str | None,
    as_json: bool,
) -> None:
    """Show an overview in the browser.

    Deletions, queues, policies, problems and pauses.

    The page is served on this machine only, until Ctrl-C, and can change nothing. The address is good once,
    for the first browser that opens it. What is read: the operators' API (allow execute-api:Invoke on GET
    v1/operator/*).
    """
    target = find(stage, as_json=as_json)
    api = reach(target, stage)
    feed = Feed(api, target.stage, days, most, ("default", *orgs))
    feed.check()
    audit, recycle_bin = Audit(api, lambda: bucket_of(target)), RecycleBin(api, target.stage, most)
    views = {"audit.json": audit.page, "audit.csv.json": audit.csv, "bin.json": lambda _: recycle_bin.read()}
    views["operators.json"] = OperatorsLog(api).page
    room = Room(lambda: overview(feed.read()), every, views)
    server = _serve(room, port)
    address = f"http://{LOOPBACK}:{server.server_port}{room.invitation}"
    target.say({"url": address}, address, "good once; Ctrl-C ends it")
    try:
        with nullcontext(enter_result=True) if no_browser else opened(address) as found:
            if not found:
                say("no browser was found: open the address above", err=True)
            server.serve_forever()
    except KeyboardInterrupt:
        say("ended", err=True)
    finally:
        server.server_close()


def _serve(room: Room, port: int) -> ThreadingHTTPServer:
    try:
        return serve(room, port)
    except OSError as problem:
        words = f"port {port} cannot be used ({problem.strerror}): leave --port out for a free one"
        raise click.ClickException(words) from problem
