"""`expunge keys`: who may send deletions, and the keys they sign with."""

from __future__ import annotations

from typing import Any

import click

from chalicelib.domain.keys import MOST_KEYS, Profile, signing_key, texts_of
from chalicelib.domain.modules import canonical, is_standard, problem_of
from chalicelib.domain.request import Operation
from chalicelib.domain.source import OPERATOR
from cli import http, known_records, secret_log, workers
from cli.operating.render import many
from cli.operator_api import reach
from cli.options import OPERATION, dry_run, options
from cli.output import say
from cli.sources import Sources, entry, fingerprint, keys_of, name_of, read, why_unusable
from cli.table import table
from cli.target import Group, Target, find
from cli.target import Refused as Refusal
from local.filling import new_key

__all__ = ["keys", "options"]
DEFAULT_ORG = "default"
#: An id to ask a module for, whether or not it has such a record.
ANY_RECORD = "1"


@click.group(cls=Group)
def keys() -> None:
    """Keys of the sources that may ask for deletions.

    A source may have several keys at once, the newest first, so that a sender can change over without a
    gap: `keys rotate`, give the sender the new key, then `keys revoke`. A new key is shown once, when it is
    made, in both of its forms (`for Deluge` is the text that zoho.encryption.hmacsha256 takes); after that a
    key goes by its fingerprint. A changed secret counts within the stage's cache time
    (300 s; 30 s locally).
    """


@keys.command(epilog="\b\nExample:\n  expunge keys new crm-workflow --module Leads --max-records 200")
@click.argument("source", callback=name_of)
@click.option("--module", "modules", multiple=True, help="A module it may delete in; may be repeated.")
@click.option(
    "--operation",
    "operations",
    multiple=True,
    type=OPERATION,
    help="Default: all but erase_person.",
)
@click.option("--org", help="The Zoho org it deletes in. Default: default.")
@click.option(
    "--max-records", type=click.IntRange(min=1), help="The most records of one request. Default: 500."
)
@click.option(
    "--profile",
    type=click.Choice([each.value for each in Profile]),
    help="token: a bearer value for senders that cannot sign.",
)
@click.option("--force", is_flag=True, help="Do not ask Zoho whether it has the modules.")
@options
def new(source: str, stage: str | None, as_json: bool, force: bool, **limits: Any) -> None:
    """Make SOURCE with a first key, and print the key.

    Zoho is asked for modules that are none of its own: where it has no such module, no source is made. A
    source that may only erase persons (--operation erase_person) needs no module: the person map says which.
    """
    if not limits["modules"] and limits["operations"] != (Operation.ERASE_PERSON.value,):
        raise click.UsageError("name what it may delete in, such as --module Leads")
    target = find(stage, as_json=as_json)
    sources, version = read(target)
    if source == OPERATOR:
        raise Refusal("the source operator has no keys: IAM says who its callers are")
    if source in sources:
        raise Refusal(f"there is a source {source!r} already: expunge keys rotate gives it one more key")
    given = {name: list(v) if isinstance(v, tuple) else v for name, v in limits.items() if v}
    given["modules"] = list(dict.fromkeys(map(canonical, limits["modules"])))
    for name in given["modules"]:
        if not force and not is_standard(name) and not problem_of(name):
            _ask_for(target, str(given.get("org", DEFAULT_ORG)), name)
    key = new_key()
    secret_log.change(target, stage, sources, source, {**given, "keys": [key]}, version)
    _show(target, source, {**given, "keys": [key]})


def _ask_for(target: Target, org: str, module: str) -> None:
    """Raises Refused for a module that Zoho does not know, or that looks like another one's name misspelled
    where Zoho cannot be asked.
    """
    meant = known_records.near(module)
    hint = f"; did you mean {' or '.join(meant)}?" if meant else ""
    found = known_records.known(target, org, module, [ANY_RECORD])
    again = "no source was made; give it all the same with --force"
    if found.no_module:
        words = f"Zoho knows no module {module} in org {org} (letter case counts), or its user may not see it"
        raise Refusal(f"{words}{hint}; {again}")
    if found.unasked and meant:
        raise Refusal(
            f"{module} is none of Zoho's own modules{hint} Zoho was not asked: {found.unasked}; {again}"
        )
    if found.unasked:
        words = f"{module} is none of Zoho's own modules: the org has to have one by this name"
        say(f"{words} (Zoho was not asked: {found.unasked})", err=True)


@keys.command(epilog="\b\nExample:\n  expunge keys rotate crm-workflow")
@click.argument("source", callback=name_of)
@options
def rotate(source: str, stage: str | None, as_json: bool) -> None:
    """Give SOURCE a new key beside those it has, and print the new one.

    The others go on being good until `keys revoke SOURCE`.
    """
    target = find(stage, as_json=as_json)
    sources, version = read(target)
    found, held = entry(sources, source), keys_of(sources, source)
    if source == OPERATOR:
        raise Refusal("the source operator has no keys: IAM says who its callers are")
    if len(held) >= MOST_KEYS:
        raise Refusal(f"{source} has {len(held)} keys, the most there may be: revoke some first")
    changed = {**found, "keys": [new_key(), *held]}
    secret_log.change(target, stage, sources, source, changed, version)
    _show(target, source, changed)


@keys.command(name="list", epilog="\b\nExample:\n  expunge keys list --stage prod")
@click.argument("source", required=False)
@options
def list_keys(source: str | None, stage: str | None, as_json: bool) -> None:
    """Show the sources and the fingerprints of their keys.

    The newest key is the first. With SOURCE, only its keys. A source that cannot be used is shown with why.
    """
    target = find(stage, as_json=as_json)
    sources, _ = read(target)
    if source:
        keys_of(sources, source)
    shown = {name: _listed(sources, name) for name in ([source] if source else sorted(sources))}
    rows = [(name, each["profile"] or "-", " ".join(each["keys"]) or "-") for name, each in shown.items()]
    below = [[f"cannot be used: {each['problem']}"] if "problem" in each else [] for each in shown.values()]
    lines = table(("source", "profile", "keys, the newest first"), rows, below)
    target.say({"sources": shown}, *(lines if rows else ["there are no sources: expunge keys new makes one"]))


def _listed(sources: Sources, name: str) -> dict[str, Any]:
    """What is shown of an entry, whatever it is: nothing but fingerprints of what may be a key."""
    found: object = sources[name]
    profile = found.get("profile", Profile.STANDARD_WEBHOOKS) if isinstance(found, dict) else None
    shown: dict[str, Any] = {
        "profile": profile if profile in list(Profile) else None,
        "keys": [fingerprint(each) for each in texts_of(found)],
    }
    problem = why_unusable(sources, name)
    return {**shown, "problem": problem} if problem else shown


_REVOKING = """\b
Examples:
  expunge keys revoke crm-workflow                   all but the newest
  expunge keys revoke crm-workflow 1a2b3c4d --now    one that leaked
  expunge keys revoke crm-workflow --all --now --cancel
                  every key, and what was asked for with them"""


@keys.command(epilog=_REVOKING)
@click.argument("source", callback=name_of)
@click.argument("fingerprints", nargs=-1, metavar="[FINGERPRINT]...")
@click.option("--all", "every", is_flag=True, help="Every key, the newest too: the source can send no more.")
@click.option("--now", is_flag=True, help="At once: replace the api function's warm workers too.")
@click.option("--cancel", is_flag=True, help="Cancel too whatever the source asked for and was not sent.")
@dry_run("Show which keys would be revoked; revoke none.")
@options
def revoke(
    source: str,
    fingerprints: tuple[str, ...],
    every: bool,
    now: bool,
    cancel: bool,
    dry_run: bool,
    stage: str | None,
    as_json: bool,
) -> None:
    """Revoke keys of SOURCE.

    Those with a FINGERPRINT, or else all but the newest.

    Without --now a revoked key may be good for the stage's cache time. With --now the api function gets a
    changed environment, so that Lambda answers from new workers, which read the secret anew. With --cancel
    all that the source has asked for by then ends, but for a job that runs at Zoho. Where a step failed, the
    same command again does all of them.
    """
    target = find(stage, as_json=as_json)
    sources, version = read(target)
    found, held = entry(sources, source), keys_of(sources, source)
    gone = _chosen(held, fingerprints, every, done=now or cancel)
    kept = [each for each in held if each not in gone]
    taken = [fingerprint(each) for each in gone]
    if dry_run:
        marks = [fingerprint(each) for each in kept]
        shown = {"source": source, "revoked": [], "would_revoke": taken, "keys": marks}
        target.say(shown, f"{source}: would revoke {' '.join(taken)} and keep {' '.join(marks) or 'none'}")
        return
    seconds = 0 if now else workers.cache_seconds(target)  # before the change: it may be refused
    if gone:
        secret_log.change(target, stage, sources, source, {**found, "keys": kept}, version)
    try:
        if now:
            workers.replace(target)
    finally:  # what was asked for ends even where old workers cannot be replaced
        ended = _cancelled(target, stage, source) if cancel else None
    target.say(
        {
            "source": source,
            "revoked": taken,
            "keys": [fingerprint(each) for each in kept],
            "within_seconds": seconds,
            **({} if ended is None else {"cancel": ended}),
        },
        f"{source}: {_taken_words(taken)}; refused " + (f"within {seconds} s" if seconds else "from now on"),
        f"{len(kept)} good: {' '.join(map(fingerprint, kept))}" if kept else f"{source} can send no more",
        *(() if ended is None else _words(source, ended)),
        *((_UNTIL_THEN,) if ended is not None and seconds else ()),
    )


#: What a cancel cannot reach while a revoked key is still good.
_UNTIL_THEN = "what it asks for until then is not cancelled: run this again with --now"


def _taken_words(taken: list[str]) -> str:
    return f"revoked {' '.join(taken)}" if taken else "it had no key any more"


def _cancelled(target: Target, stage: str | None, source: str) -> dict[str, Any]:
    """After the keys are gone, so that nothing more comes behind it."""
    return http.good(reach(target, stage).call("POST", f"sources/{source}/cancel"))


def _words(source: str, ended: dict[str, Any]) -> list[str]:
    cancelled = many(ended["cancelled"], "deletion")
    told = [f"cancelled: {cancelled}; {ended['running']} run at Zoho and cannot be stopped"]
    if ended["more"]:
        told.append("there are more: each ends with its next step")
    return [*told, f"what it deleted: expunge list --source {source}"]


def _chosen(held: list[str], fingerprints: tuple[str, ...], every: bool, *, done: bool) -> list[str]:
    """The keys to revoke; none where all were revoked before, and what is `done` besides is to be done again.

    Raises Refused where there is nothing to do.
    """
    if fingerprints and every:
        raise click.UsageError("give fingerprints or --all, not both")
    unknown = [each for each in fingerprints if each not in map(fingerprint, held)]
    if unknown:
        raise Refusal(f"no key has the fingerprint {' '.join(unknown)}; expunge keys list shows them")
    if fingerprints:
        return [each for each in held if fingerprint(each) in fingerprints]
    chosen = held if every else held[1:]
    if not chosen and not (every and done):
        raise Refusal("there is no older key to revoke; --all revokes the newest too")
    return chosen


def _show(target: Target, source: str, made: dict[str, Any]) -> None:
    """The newest key of an entry, this once; where it signs, also as the text that Deluge takes."""
    key, marks = made["keys"][0], [fingerprint(each) for each in made["keys"]]
    shown = {"source": source, "key": key, "fingerprint": marks[0], "keys": marks}
    lines = [f"{source}: new key {marks[0]}, shown this once:", key]
    if made.get("profile") != Profile.TOKEN:
        shown["deluge"] = signing_key(key).decode("ascii")
        lines.append(f"for Deluge: {shown['deluge']}")
    target.say(shown, *lines, f"{len(marks)} good: {' '.join(marks)}")
