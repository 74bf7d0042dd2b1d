"""The status document as a page that keeps itself up to date: one file, nothing from outside, fit for phones.

It works without JavaScript (then it is a snapshot). The script fetches the same address as JSON and puts
texts in place with textContent, so that nothing that a sender wrote ever becomes markup.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

_NAMES = {
    "accepted": "Accepted",
    "awaiting_approval": "Waiting for approval",
    "waiting": "Waiting",
    "running": "Running",
    "completed": "Completed",
    "partially_completed": "Partially completed",
    "failed": "Failed",
    "refused": "Refused",
    "cancelled": "Cancelled",
    "needs_attention": "Needs attention",
}
_COUNTS = {
    "requested": "Requested",
    "deleted": "Deleted",
    "already_absent": "Already absent",
    "failed": "Failed",
    "held": "Held",
    "unknown": "Unknown",
    "pending": "Pending",
}

_STYLE = """
:root{color-scheme:light dark;--line:#8885}
body{font:1rem/1.5 system-ui,sans-serif;max-width:42rem;margin:0 auto;padding:1rem;overflow-wrap:anywhere}
h1{font-size:1.4rem;margin:.5rem 0}h2{font-size:1.1rem;margin:1.5rem 0 .5rem}
#state{font-size:1.2rem;font-weight:600;margin:.5rem 0}
progress{width:100%;height:1rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:0}dd{margin:0}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.35rem .5rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td:last-child{font-variant-numeric:tabular-nums}
li{margin:.5rem 0}
"""

_SCRIPT = """
const names=JSON.parse(document.getElementById('names').textContent);
const put=(id,text)=>{const e=document.getElementById(id);if(e&&e.textContent!==text)e.textContent=text};
const ended=['completed','partially_completed','failed','refused','cancelled','needs_attention'];
const plan=p=>'Would delete '+(p.would_delete===null?'an unknown number of':p.would_delete)+' records with '+
  p.calls+' calls to Zoho ('+p.credits+' credits). Nothing was deleted.';
let wait=2000;
function show(d){
  let state=names[d.status]||d.status;
  if(d.waiting_for)state+=' for '+d.waiting_for;
  put('state',state);put('updated_at',d.updated_at||'');put('finished_at',d.finished_at||'not yet');
  for(const [k,v] of Object.entries(d.counts))put('count-'+k,String(v));
  const bar=document.getElementById('bar');
  bar.max=Math.max(d.counts.requested,1);bar.value=d.counts.requested-d.counts.pending;
  if(d.plan)put('plan',plan(d.plan));
  if(d.job)put('job',(d.job.status||'started')+' ('+d.job.id+')');
  const list=document.getElementById('problems');
  list.replaceChildren(...(d.problems||[]).map(p=>{
    const e=document.createElement('li');
    e.textContent=p.code+' ('+p.count+'): '+p.meaning+' '+p.what_to_do;return e}));
  document.getElementById('no-problems').hidden=list.children.length>0;
}
async function turn(){
  try{
    const r=await fetch(location.href,{headers:{Accept:'application/json'},cache:'no-store'});
    if(r.status===404){put('live','This link is no longer good.');return}
    if(!r.ok)throw new Error(r.status);
    const d=await r.json();show(d);wait=2000;
    if(ended.includes(d.status)){put('live','Final.');return}
    put('live','Updates by itself.');
  }catch(e){wait=Math.min(wait*2,60000);put('live','No answer; trying again.')}
  setTimeout(turn,wait);
}
setTimeout(turn,1000);
"""


def headers(nonce: str) -> dict[str, str]:
    """What the browser is told: run only what bears this nonce, talk only to where the page came from."""
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {"Content-Security-Policy": policy}


def render(shown: Mapping[str, Any], nonce: str) -> str:
    """The page for a status document (contract section 3)."""
    counts = shown["counts"]
    title = f"{_operation(shown)} in {shown['module']}"
    done = counts["requested"] - counts["pending"]
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{escape(title)} - Expunge</title>
<style nonce="{nonce}">{_STYLE}</style>
</head>
<body>
<main>
<h1>{escape(title)}</h1>
<p id="state" role="status">{escape(_state(shown))}</p>
<progress id="bar" aria-label="Records settled" max="{max(counts["requested"], 1)}" value="{done}"></progress>
<p id="live">This is how it stood when the page was loaded.</p>
<h2>Records</h2>
{_table(counts)}
{_plan(shown)}
<h2>Problems</h2>
{_problems(shown.get("problems") or [])}
<h2>Details</h2>
{_details(shown)}
</main>
<script type="application/json" id="names" nonce="{nonce}">{_json_names()}</script>
<script nonce="{nonce}">{_SCRIPT}</script>
</body>
</html>
"""


def _operation(shown: Mapping[str, Any]) -> str:
    words = str(shown["operation"]).replace("_", " ").capitalize()
    return f"Dry run: {words.lower()}" if shown.get("dry_run") else words


def _state(shown: Mapping[str, Any]) -> str:
    status = str(shown["status"])
    name = _NAMES.get(status, status)
    return f"{name} for {shown['waiting_for']}" if shown.get("waiting_for") else name


def _table(counts: Mapping[str, int]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{label}</th><td id="count-{key}">{counts[key]}</td></tr>'
        for key, label in _COUNTS.items()
    )
    return f"<table><tbody>{rows}</tbody></table>"


def _plan(shown: Mapping[str, Any]) -> str:
    """What a dry run found, in the same words as the script's; nothing for a real deletion."""
    if not shown.get("dry_run"):
        return ""
    plan = shown.get("plan")
    words = "Not known yet."
    if plan:
        count = "an unknown number of" if plan["would_delete"] is None else plan["would_delete"]
        words = (
            f"Would delete {count} records with {plan['calls']} calls to Zoho ({plan['credits']} credits). "
        )
        words += "Nothing was deleted."
    return f'<h2>Plan</h2><p id="plan">{escape(words)}</p>'


def _problems(problems: list[Mapping[str, Any]]) -> str:
    items = "".join(f"<li>{escape(_problem(problem))}</li>" for problem in problems)
    hidden = " hidden" if problems else ""
    return f'<p id="no-problems"{hidden}>None.</p><ul id="problems">{items}</ul>'


def _problem(problem: Mapping[str, Any]) -> str:
    return f"{problem['code']} ({problem['count']}): {problem['meaning']} {problem['what_to_do']}"


def _details(shown: Mapping[str, Any]) -> str:
    job = shown.get("job")
    rows = [
        ("Deletion", shown["id"], ""),
        ("Org", shown["org"], ""),
        ("Source", shown["source"], ""),
        ("Reference", shown.get("reference") or "none", ""),
        ("Job at Zoho", f"{job['status'] or 'started'} ({job['id']})" if job else "none", "job"),
        ("Created", shown["created_at"], ""),
        ("Updated", shown["updated_at"], "updated_at"),
        ("Finished", shown["finished_at"] or "not yet", "finished_at"),
    ]
    return f"<dl>{''.join(_row(*row) for row in rows)}</dl>"


def _row(label: str, value: object, key: str) -> str:
    mark = f' id="{key}"' if key else ""
    return f"<dt>{label}</dt><dd{mark}>{escape(str(value))}</dd>"


def _json_names() -> str:
    """The names as JSON: our own words, letters and spaces, so nothing in them can end the script element."""
    return "{" + ",".join(f'"{key}":"{name}"' for key, name in _NAMES.items()) + "}"
