"""Why the service refuses a request, in plain words, each with what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping

from chalicelib.web.signature import MOST_HEADER, TOLERANCE_SECONDS
from cli.verifying.hints import Hint
from cli.verifying.judging import Verdict

HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
_CLOCK = (
    "set the sender's clock (NTP), and sign when sending: a retry is signed anew, with the same webhook-id"
)


def of_reason(verdict: Verdict, headers: Mapping[str, str], at: float, known: list[str]) -> Hint:
    """Why it is a 401."""
    timestamp = headers.get("webhook-timestamp", "")
    match verdict.reason:
        case "no_header":
            return _missing(headers)
        case "header_too_long":
            what = f"a header has more than {MOST_HEADER} characters"
            return Hint("header_too_long", what, "send a short webhook-id and five signatures at most")
        case "bad_id":
            return _bad_id(headers.get("webhook-id", ""))
        case "bad_timestamp":
            return _bad_timestamp(timestamp)
        case "too_old" | "too_new":
            off = at - int(timestamp)
            way = "old" if off > 0 else "ahead"
            what = f"webhook-timestamp is {abs(off):.0f} s {way}; {TOLERANCE_SECONDS} s either way are good"
            return Hint(verdict.reason, what, _CLOCK)
        case "bad_signature":
            what = "no entry of webhook-signature is v1, and the base64 of 32 bytes"
            do = "send webhook-signature: v1, and the base64 of the HMAC-SHA256; several are joined by blanks"
            return Hint("bad_signature", what, do)
        case "unknown_source":
            names = ", ".join(known) or "none"
            return Hint("unknown_source", f"there is no such source; there are: {names}", "fix the address")
    return Hint("no_match", "no signature fits any key of this source", "see the hints")


def _missing(headers: Mapping[str, str]) -> Hint:
    lacking = [name for name in HEADERS if not headers.get(name)]
    if headers.get("authorization", "").lower().startswith("bearer"):
        what = "it came with a bearer value, but this source has the profile standard-webhooks"
        do = "sign the request, or make a source for it: expunge keys new NAME --profile token --module ..."
        return Hint("wrong_profile", what, do)
    if len(lacking) == len(HEADERS) or "authorization" not in headers:
        other = [name for name in headers if re.search(r"svix|signature|x-.*(id|timestamp)$", name)]
        seen = f" (there are {', '.join(other)})" if other and lacking else ""
        return Hint(
            "no_header", f"headers are missing: {', '.join(lacking)}{seen}", f"send {', '.join(HEADERS)}"
        )
    return Hint("no_header", f"headers are missing: {', '.join(lacking)}", f"send {', '.join(lacking)}")


def _bad_id(delivery: str) -> Hint:
    if "." in delivery:
        why = "holds a dot, which joins the parts of the signed text"
    elif len(delivery) > 256:
        why = f"has {len(delivery)} characters; 256 are the most"
    else:
        why = "holds a blank or a character outside of U+0021 to U+007E"
    return Hint("bad_id", f"webhook-id {why}", "use a UUID, the same for each retry of one request")


def _bad_timestamp(timestamp: str) -> Hint:
    if re.fullmatch(r"[0-9]{13}", timestamp):
        return Hint(
            "milliseconds", "webhook-timestamp is in milliseconds", "divide by 1000: send whole seconds"
        )
    if re.fullmatch(r"[0-9]+[.,][0-9]+|[0-9.]+e[+0-9]+", timestamp):
        return Hint("fraction", "webhook-timestamp is not a whole number", "round it down to whole seconds")
    if re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", timestamp):
        do = "send seconds since 1970 in digits, such as 1795382458"
        return Hint("iso_time", "webhook-timestamp is a date in words", do)
    what = "webhook-timestamp is no number of 1 to 12 digits"
    return Hint("bad_timestamp", what, "send seconds since 1970 in digits, nothing else")


def of_bearer(verdict: Verdict, headers: Mapping[str, str], known: list[str]) -> Hint:
    """Why a request of the token profile is a 401."""
    if verdict.reason == "unknown_source":
        return of_reason(verdict, headers, 0.0, known)
    if verdict.reason == "no_header":
        extra = " (it is signed, but this source has the profile token)" if "webhook-id" in headers else ""
        return Hint(
            "no_header", f"header Authorization is missing{extra}", "send Authorization: Bearer VALUE"
        )
    if verdict.reason == "bad_signature":
        return Hint("scheme", "Authorization is not Bearer and a value", "send Authorization: Bearer VALUE")
    return Hint("no_match", "the bearer value is none of this source's keys", "see the hints")


def of_status(verdict: Verdict) -> Hint | None:
    """What to do about an answer that is neither 202 nor 401."""
    if verdict.broken:
        return Hint(
            "unusable", f"the sources secret: {verdict.broken}", "fix that entry; expunge doctor names it"
        )
    return {
        400: Hint("invalid_request", verdict.message, "fix the fields above (docs/CONTRACT.md, section 1)"),
        403: Hint("not_allowed", verdict.message, "ask for less, or change the source's entry in its secret"),
        409: Hint("conflict", verdict.message, "a new request needs a new webhook-id; a retry the same body"),
        413: Hint("too_large", verdict.message, "send fewer ids, in several requests"),
        415: Hint("unsupported_media_type", verdict.message, "send Content-Type: application/json"),
        503: Hint(
            "unavailable", verdict.message, "expunge doctor tells which secret or table is out of reach"
        ),
    }.get(verdict.status)


NOTHING = Hint(
    "unexplained",
    "no key of any source and no usual difference explains this signature",
    "compare key and body with the sender's; a key that was revoked longer ago is kept nowhere and cannot be"
    " known, expunge keys rotate makes a new one",
)
