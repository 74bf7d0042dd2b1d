'use strict';
{
const $ = id => document.getElementById(id);
const start = JSON.parse($('start').textContent);
const put = (id, text) => { const e = $(id); if (e && e.textContent !== text) e.textContent = text; };
const show = (id, yes) => { const e = $(id); if (e) e.hidden = !yes; };
const make = (tag, ...inside) => { const e = document.createElement(tag); e.append(...inside); return e; };
const many = n => n.toLocaleString('en-US');
const counted = (n, noun) => `${many(n)} ${noun}${n === 1 ? '' : 's'}`;
const ended = ['completed', 'partially_completed', 'failed', 'refused', 'cancelled', 'needs_attention'];
const local = iso => new Date(iso).toLocaleString();
const clock = () => new Date().toLocaleTimeString();
const [SOON, LATE, LATEST] = [1500, 30000, 60000];

/* --- the status, in the same words as page_words.py --- */

const span = s => s >= 7200 ? `${Math.round(s / 3600)} hours` : s >= 120 ? `${Math.round(s / 60)} minutes`
  : counted(Math.round(s), 'second');

function place(lane) {
  if (!lane) return '';
  const n = lane.ahead, words = !n ? 'It is next' : n === 1 ? '1 is before it' : `${many(n)} are before it`;
  return lane.about_seconds === null ? `${words}.` : `${words}; about ${span(lane.about_seconds)}.`;
}

function planned(plan) {
  const back = 'would_restore' in plan, n = back ? plan.would_restore : plan.would_delete;
  const records = n === null ? 'an unknown number of records' : counted(n, 'record');
  return `Would ${back ? 'restore' : 'delete'} ${records} with ${counted(plan.calls, 'call')} to Zoho ` +
    `(${counted(plan.credits, 'API credit')}). Nothing was ${back ? 'restored' : 'deleted'}.`;
}

function approval(a) {
  if (!a) return 'none asked for';
  return a.approved_at ? `given for ${counted(a.count, 'record')}, ${local(a.approved_at)}`
    : `asked for ${counted(a.count, 'record')}, until ${local(a.expires_at)}`;
}

function bar(d) {
  const c = d.counts, most = Math.max(c.requested, 1), e = $('bar');
  const says = c.requested ? `${many(c.requested - c.pending)} of ${many(c.requested)} records processed`
    : 'The number of records is not known yet';
  let at = 0;
  for (const part of e.children) {
    const kind = part.getAttribute('class'), width = kind === 'pending' ? 0 : 100 * c[kind] / most;
    part.setAttribute('x', at); part.setAttribute('width', width); at += width;
  }
  e.setAttribute('aria-valuetext', says);
  if (c.requested) {
    for (const [k, v] of [['min', 0], ['max', c.requested], ['now', c.requested - c.pending]]) e.setAttribute(`aria-value${k}`, v);
  }
  put('settled', says);
  show('progress', c.requested || !ended.includes(d.status));
}

function problem(p) {
  return make('li', make('strong', make('code', p.code), ` \u00d7 ${many(p.count)}`), make('p', p.meaning),
    make('p', `What to do: ${p.what_to_do}`));
}

function status(d) {
  const name = start.names[d.status] || d.status;
  put('state', name);
  $('state').dataset.status = d.status;
  put('meaning', d.status === 'completed' && d.dry_run ? start.dry : start.meanings[d.status] || '');
  show('wait', d.waiting_for);
  put('reason', d.waiting_for || '');
  put('waits', d.waiting_for ? `${start.waits[d.waiting_for] || start.wait} ${place(d.lane)}`.trim() : '');
  bar(d);
  for (const [k, v] of Object.entries(d.counts)) put(`count-${k}`, many(v));
  if (d.plan) {
    put('plan', planned(d.plan));
    put('first-ids', d.plan.first_ids.join(', '));
    show('first', d.plan.first_ids.length);
  }
  show('no-problems', !d.problems.length);
  show('problems', d.problems.length);
  $('problems').replaceChildren(...d.problems.map(problem));
  put('created_at', local(d.created_at));
  put('updated_at', local(d.updated_at));
  put('finished_at', d.finished_at ? local(d.finished_at) : 'not yet');
  put('approval', approval(d.approval));
  if (d.job) put('job', `${d.job.status || 'started'} (${d.job.id})`);
  document.title = `${name}: ${document.querySelector('h1').textContent} - Expunge`;
}

/* --- following it: soon after a change, less and less often without one, not at all in a hidden tab --- */

let shown = start.shown, wait = SOON, timer = 0, said = shown.status;

function say(d) {
  const words = `${start.names[d.status] || d.status}${d.waiting_for ? ` for ${d.waiting_for}` : ''}`;
  if (words !== said) put('say', said = words);  // readers hear a change of status, not every number
}

async function turn() {
  timer = 0;
  try {
    const r = await fetch(location.href, {headers: {Accept: 'application/json'}, cache: 'no-store'});
    if (r.status === 404) return put('live', 'This link is no longer good.');
    if (!r.ok) throw new Error(r.status);
    const d = await r.json(), changed = JSON.stringify(d) !== JSON.stringify(shown);
    shown = d;
    wait = changed ? SOON : Math.min(wait * 1.5, LATE);
    status(d); say(d);
    if (changed) follow();
  } catch {
    wait = Math.min(wait * 2, LATEST);
    put('live', `No answer at ${clock()}; trying again.`);
    return next();
  }
  if (final()) return;
  put('live', `As of ${clock()}; it keeps itself up to date.`);
  next();
}

function final() {
  const yes = ended.includes(shown.status);
  if (yes) put('live', 'This is final.');
  return yes;
}

function next() { if (!document.hidden && !timer) timer = setTimeout(turn, wait); }

document.addEventListener('visibilitychange', () => {
  clearTimeout(timer); timer = 0;
  if (document.hidden || ended.includes(shown.status) && shown.status !== 'needs_attention') return;
  wait = SOON; turn();  // what needs attention may have been settled since
});

/* --- the outcome of each record: a page at first, all of them when they are searched or saved --- */

const PAGE = 100;
let records = [], cursor = '', at = 0, reading = null, stale = false;

async function page(from) {
  const url = new URL(location.href);
  url.pathname += '/records';
  url.searchParams.set('cursor', from);
  for (let tries = 1; ; tries++) {
    const r = await fetch(url, {headers: {Accept: 'application/json'}, cache: 'no-store'}).catch(() => null);
    if (r && r.ok) return r.json();
    if (tries === 5 || r && r.status < 429) throw new Error(r ? r.status : 'no answer');
    await new Promise(done => setTimeout(done, 400 * 2 ** tries));
  }
}

/** Reads the outcomes anew: as far as they were read before, or all of them. One at a time. False: in vain. */
function read(all) {
  reading ||= again(all).then(() => true, () => { put('showing', 'The records cannot be read now. Try again.'); })
    .finally(() => { reading = null; if (stale) { stale = false; read(false); } });
  return reading;
}

async function again(all) {
  const upTo = Math.max(records.length, 1), fresh = [];
  let from = '';
  do {
    const found = await page(from);
    if (found.note) { put('note', found.note); show('note', true); show('records', true); return; }
    fresh.push(...found.records);
    from = found.next_cursor;
    if (from) put('showing', `${many(fresh.length)} records read`);
  } while (from && (all || fresh.length < upTo));
  records = fresh; cursor = from;
  put('read-at', ended.includes(shown.status) ? '' : `As of ${clock()}.`);
  show('records', records.length); show('found', true);
  draw();
}

/** A change while all of many are shown is read when it is final; a page or two at once. */
function follow() {
  if (records.length > 1000 && !ended.includes(shown.status)) return;
  if (reading) stale = true; else read(false);
}

const whole = async () => { while (cursor && await read(true)); return !cursor; };
const why = r => [r.code, r.message].filter(Boolean).join(': ');

function chosen() {
  const text = $('query').value.trim().toLowerCase(), outcome = $('outcome').value;
  return records.filter(r => (!outcome || r.outcome === outcome) &&
    (!text || r.id.toLowerCase().includes(text) || why(r).toLowerCase().includes(text)));
}

function draw() {
  const found = chosen();
  at = Math.min(at, Math.max(0, Math.ceil(found.length / PAGE) - 1) * PAGE);
  const part = found.slice(at, at + PAGE);
  $('rows').replaceChildren(...part.map(r => {
    const id = make('th', r.id);
    id.scope = 'row';
    return make('tr', id, make('td', start.outcomes[r.outcome] || r.outcome), make('td', why(r)));
  }));
  const of = found.length === records.length ? many(found.length) : `${many(found.length)} found in ${many(records.length)}`;
  put('showing', (part.length ? `${many(at + 1)} to ${many(at + part.length)} of ${of}` : `None of ${many(records.length)}`) +
    (cursor ? ', not all are loaded' : ''));
  $('back').disabled = !at;
  $('on').disabled = at + PAGE >= found.length;
  show('all', cursor);
}

/* What a spreadsheet takes for a formula gets an apostrophe in front. */
const cell = text => `"${(/^[\s]*[=+\-@\uFF0B\uFF0D\uFF1D\uFF20\t\r\n]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;

async function save() {
  if (!await whole()) return;
  const lines = [['id', 'outcome', 'code', 'message'], ...chosen().map(r => [r.id, r.outcome, r.code || '', r.message || ''])];
  const text = `\uFEFF${lines.map(line => line.map(cell).join(',')).join('\r\n')}\r\n`;
  const link = make('a');
  link.href = URL.createObjectURL(new Blob([text], {type: 'text/csv;charset=utf-8'}));
  link.download = `expunge-${$('records').dataset.id}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

const search = async () => { at = 0; draw(); if (cursor && await whole()) draw(); };
$('query').addEventListener('input', search);
$('outcome').addEventListener('change', search);
$('back').addEventListener('click', () => { at -= PAGE; draw(); });
$('on').addEventListener('click', () => { at += PAGE; draw(); });
$('all').addEventListener('click', whole);
$('csv').addEventListener('click', save);

status(shown);
read(false);
if (!final()) { put('live', 'It keeps itself up to date.'); next(); }
}
