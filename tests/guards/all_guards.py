"""The guards that `make guards` takes away one at a time: where each stands, and which tests must miss it."""

from __future__ import annotations

from tests.guards.bin_guards import OF_THE_BIN
from tests.guards.cli_guards import GUARDS as OF_THE_COMMANDS
from tests.guards.erasing_guards import OF_ERASING
from tests.guards.evidence_guards import OF_THE_EVIDENCE
from tests.guards.guard import Guard
from tests.guards.ids_guards import OF_THE_IDS
from tests.guards.pages_guards import PAGES
from tests.guards.people_guards import OF_THE_PEOPLE
from tests.guards.quota_guards import OF_THE_SOURCES
from tests.guards.views_guards import OF_THE_VIEWS

_C = "chalicelib"
_SIGNATURE = f"{_C}/web/signature.py"
_TABLE = f"{_C}/adapters/dynamodb/table.py"

_UNIT = "tests/unit"
_LEDGER = "tests/contract/ledger"
_VIEWS = f"{_UNIT}/service/by_view/test_unfrozen.py"
_RACES = "tests/races"
_CRASH = "tests/crash/test_matrix.py"
_HARD = f"{_UNIT}/service/engine/test_hardening.py"

GUARDS = (
    Guard(
        "signature comparison",
        _SIGNATURE,
        "matched |= hmac.compare_digest(expected, signature)",
        "matched |= hmac.compare_digest(expected, expected)",
        (f"{_UNIT}/web/test_signature.py",),
    ),
    Guard(
        "bearer comparison",
        _SIGNATURE,
        "matched |= hmac.compare_digest(hashlib.sha256(key).digest(), given)",
        "matched |= hmac.compare_digest(given, given)",
        (f"{_UNIT}/web/test_signature.py",),
    ),
    Guard(
        "timestamp tolerance",
        _SIGNATURE,
        "    _check_time(timestamp, now)\n",
        "",
        (f"{_UNIT}/web/test_signature.py",),
    ),
    Guard(
        "a weak key is refused",
        f"{_C}/domain/keys.py",
        "    if weak:\n",
        "    if weak and not weak:\n",
        (f"{_UNIT}/domain/test_keys.py",),
    ),
    Guard(
        "secrets are asked alike for every name",
        f"{_C}/web/intake.py",
        "may_change=proof.may_change)",
        "may_change=known)",
        ("tests/app/test_alike.py",),
    ),
    Guard(
        "as many keys for every name",
        f"{_C}/domain/keys.py",
        "padded = [*texts, *[_NO_KEY] * (MOST_KEYS - len(texts))]",
        "padded = texts",
        (f"{_UNIT}/domain/test_keys.py",),
    ),
    Guard(
        "read link's token",
        f"{_C}/web/links.py",
        "hmac.compare_digest(_token(deletion_id, key).encode(), given.encode())",
        "bool(given)",
        (f"{_UNIT}/web/test_links.py", f"{_UNIT}/web/test_status.py"),
    ),
    Guard(
        "body hash of a repeated delivery",
        f"{_C}/service/intake/accept.py",
        "if found.body_hash and found.body_hash != body_hash:",
        "if found.body_hash == 'none':",
        (f"{_UNIT}/service/intake/test_accept.py",),
    ),
    Guard(
        "delivery claimed by the write",
        _TABLE,
        "items.put(self.name, delivery_items.from_delivery(delivery), items.unless_live(now))",
        "items.put(self.name, delivery_items.from_delivery(delivery))",
        (_LEDGER,),
    ),
    Guard(
        "lease: one worker at a time",
        _TABLE,
        'f"attribute_exists(due) AND next_at <= :now AND NOT ({items.LEASED})"',
        'f"next_at > :zero AND NOT ({items.LEASED} AND next_at < :zero)"',
        (_LEDGER,),
    ),
    Guard(
        "fence: a late worker writes nothing",
        f"{_C}/adapters/dynamodb/deletion_update.py",
        'condition = "fence = :fence"',
        'condition = "(fence = :fence OR attribute_exists(pk))"',
        (_LEDGER,),
    ),
    Guard(
        "command seen before a write",
        f"{_C}/adapters/dynamodb/deletion_update.py",
        'condition += " AND control = :control"',
        'condition += " AND (control = :control OR attribute_exists(pk))"',
        (_LEDGER,),
    ),
    Guard(
        "due until every event has left",
        f"{_C}/adapters/dynamodb/deletion_update.py",
        "told = change.deletion.published >= change.deletion.events",
        "told = True",
        (_LEDGER,),
    ),
    Guard(
        "intent of a delete by ids",
        f"{_C}/service/by_ids/sending.py",
        "progress = replace(self.progress, open=numbers)",
        "progress = self.progress",
        (f"{_CRASH}::test_whatever_call_goes_wrong_nothing_is_lost[delete records by ids]",),
    ),
    Guard(
        "lane: one mass delete at a time",
        f"{_C}/domain/lane.py",
        "if lane.holder or (lane.queue and lane.queue[0] != deletion_id):",
        "if lane.key == '':",
        (_VIEWS,),
    ),
    Guard(
        "lane written by who read it last",
        f"{_C}/adapters/dynamodb/lane_items.py",
        '"attribute_not_exists(pk) OR revision = :revision"',
        '"attribute_not_exists(pk) OR revision = :revision OR attribute_exists(pk)"',
        (_LEDGER,),
    ),
    Guard(
        "max_records of a request",
        f"{_C}/domain/permit.py",
        "if size is not None and size > limit:",
        "if size is not None and size > 10**9:",
        (f"{_UNIT}/domain/test_source.py",),
    ),
    Guard(
        "modules of a source",
        f"{_C}/domain/permit.py",
        "if request.module != ALL_MODULES and not modules.covers(source.modules, request.module):",
        "if request.module == '':",
        (f"{_UNIT}/domain/test_source.py",),
    ),
    Guard(
        "holds by every name of a module",
        f"{_C}/domain/modules.py",
        "        return (ACTIVITIES, *PARTS)",
        "        return (ACTIVITIES,)",
        (f"{_UNIT}/domain/test_modules.py", "tests/contract/ledger/test_operators.py"),
    ),
    Guard(
        "holds before each call",
        f"{_C}/service/by_ids/holds.py",
        "return work.ledger.held(request.org, request.module, ids, work.now)",
        "return set()",
        (f"{_UNIT}/service/by_ids/test_holds.py", f"{_UNIT}/service/by_ids/test_executor.py"),
    ),
    Guard(
        "pause",
        f"{_C}/service/engine/org_access.py",
        "    if reason is not None:\n        raise Paused(",
        "    if reason == '-':\n        raise Paused(",
        (f"{_UNIT}/service/by_ids/test_executor.py",),
    ),
    Guard(
        "restored table is paused",
        f"{_C}/adapters/dynamodb/org_items.py",
        "if _epoch_of(kept) != self.epoch:",
        "if self.epoch < 0:",
        ("tests/cli/test_recovering.py",),
    ),
    Guard(
        "the org's concurrency",
        f"{_C}/adapters/dynamodb/org_items.py",
        'f"NOT ({items.LEASED}) OR lease_owner = :owner"',
        'f"NOT ({items.LEASED}) OR lease_owner = :owner OR attribute_exists(pk)"',
        (_LEDGER,),
    ),
    Guard(
        "nothing is sent past the lease",
        f"{_C}/adapters/zoho/http.py",
        "if left < LEAST_SECONDS:",
        "left = max(left, LEAST_SECONDS)\n        if left < 0:",
        (_RACES,),
    ),
    Guard(
        "hash chain",
        f"{_C}/domain/log_checking.py",
        "if entry.n != expected or altered:",
        "if entry.n != expected:",
        (f"{_UNIT}/domain/test_log.py",),
    ),
    Guard(
        "a bad item keeps nobody else",
        f"{_C}/service/engine/work.py",
        "    except Exception as problem:",
        "    except ZeroDivisionError as problem:",
        (_HARD,),
    ),
    Guard(
        "a lease that would last for ever is none",
        f"{_C}/adapters/dynamodb/items.py",
        "lease_until > :now AND lease_until <= :furthest",
        "lease_until > :now AND NOT lease_until = :furthest",
        (f"{_LEDGER}/test_broken_items.py",),
    ),
    Guard(
        "steps that lead nowhere rest",
        f"{_C}/service/engine/rounds.py",
        "return self.seen[state] > MOST_TIMES",
        "return self.seen[state] > 10**9",
        (f"{_UNIT}/service/engine/test_rounds.py",),
    ),
    Guard(
        "what has happened does not lie ahead",
        f"{_C}/service/engine/watchdog.py",
        "at > now + A_DAY",
        "at < 0",
        (f"{_UNIT}/service/engine/test_watchdog.py",),
    ),
    Guard(
        "what cannot be read is never sealed",
        f"{_C}/domain/evidence/operators.py",
        "if entry.what == UNREADABLE:",
        'if entry.what == "never":',
        ("tests/evidence/test_broken_items.py",),
    ),
    Guard(
        "Zoho's own hosts only",
        f"{_C}/adapters/zoho/hosts.py",
        "if host.startswith(prefix) and host[len(prefix) :] in _DOMAINS:",
        "if host.startswith(prefix):",
        (f"{_UNIT}/adapters/zoho/test_hosts.py",),
    ),
    *(Guard(*row) for row in PAGES),
    *OF_THE_BIN,
    *OF_ERASING,
    *OF_THE_EVIDENCE,
    *OF_THE_PEOPLE,
    *OF_THE_COMMANDS,
    *OF_THE_IDS,
    *OF_THE_SOURCES,
    *OF_THE_VIEWS,
)
