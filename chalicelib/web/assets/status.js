{
const start = JSON.parse($('start').textContent);
const [SOON, LATE, LATEST] = [1500, 30000, 60000];
const PAGE = 'application/vnd.expunge.page+json';  // all that the page says, in its words

/* --- what the page says --- */

function bar(b) {
  const e = $('bar');
  b.parts.forEach((part, i) => { e.children[i].setAttribute('x', part.x); e.children[i].setAttribute('width', part.width); });
  e.setAttribute('aria-valuetext', b.says);
  if (b.most) for (const [k, v] of [['min', 0], ['max', b.most], ['now', b.now]]) e.setAttribute(`aria-value${k}`, v);
  put('settled', b.says);
  show('progress', !b.gone);
}

const problem = p => make('li', null, make('strong', null, make('code', null, p.code), ` \u00d7 ${many(p.count)}`),
  make('p', null, ...dated(p.meaning)), make('p', null, 'What to do: ', ...dated(p.what_to_do)));
const step = s => make('li', null, make('p', null, ...dated(s.says)), ...s.commands.map(command));
const fact = f => [make('dt', null, f.label), make('dd', f.key ? {id: f.key} : null, ...(f.ours ? dated(f.text) : [f.text]))];

/** Puts them in place where they differ from what is there, so that a button keeps its focus. */
const there = {};
function list(id, found, element) {
  const text = JSON.stringify(found);
  if (there[id] === text) return;
  there[id] = text;
  $(id).replaceChildren(...found.flatMap(element));
  show(`part-${id}`, found.length);
}

function status(v) {
  put('state', v.state);
  $('state').dataset.status = v.shown.status;
  put('meaning', v.meaning);
  show('wait', v.reason);
  put('reason', v.reason);
  put('waits', v.waits);
  bar(v.bar);
  for (const each of v.counts) put(`count-${each.key}`, each.text);
  if (v.plan) {
    put('plan', v.plan.says);
    put('first-ids', v.plan.first);
    show('first', v.plan.first);
  }
  show('no-problems', !v.problems.length);
  show('problems', v.problems.length);
  list('problems', v.problems, problem);
  list('steps', v.steps, step); list('receipt', v.receipt, step);
  list('people', v.people, fact); list('times', v.times, fact);
  document.title = `${v.state}: ${v.title} - Expunge`;
}

/* --- following it: soon after a change, less and less often without one, not at all in a hidden tab --- */

const spoken = v => `${v.state}${v.reason ? ` for ${v.reason}` : ''}`;
let seen = start.view, wait = SOON, timer = 0, said = spoken(seen);

function say(v) {
  if (spoken(v) !== said) put('say', said = spoken(v));  // readers hear a change of status, not every number
}

async function turn() {
  timer = 0;
  try {
    const r = await fetch(location.href, {headers: {Accept: PAGE}, cache: 'no-store'});
    if (r.status === 404) return put('live', 'This link is no longer good.');
    if (!r.ok) throw new Error(r.status);
    const v = await r.json(), changed = JSON.stringify(v) !== JSON.stringify(seen);
    seen = v;
    wait = changed ? SOON : Math.min(wait * 1.5, LATE);
    if (changed) { status(v); say(v); follow(); }
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
  if (seen.final) put('live', 'This is final.');
  return seen.final;
}

function next() { if (!document.hidden && !timer) timer = setTimeout(turn, wait); }

document.addEventListener('visibilitychange', () => {
  clearTimeout(timer); timer = 0;
  if (document.hidden) return;
  wait = SOON; turn();  // what has ended may have been settled, restored or deleted for good since
});

/* --- the outcome of each record: a page at first, all of them when they are searched or saved --- */

const ROWS = 100;
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
  put('read-at', seen.final ? '' : `As of ${clock()}.`);
  show('records', records.length); show('found', true);
  draw();
}

/** A change while all of many are shown is read when it is final; a page or two at once. */
function follow() {
  if (records.length > 1000 && !seen.final) return;
  if (reading) stale = true; else read(false);
}

const whole = async () => { while (cursor && await read(true)); return !cursor; };
const named = r => r.module ? `${r.module}/${r.id}` : r.id;  // where it can lie in several modules
const why = r => [r.code, r.message].filter(Boolean).join(': ');

function chosen() {
  const text = $('query').value.trim().toLowerCase(), outcome = $('outcome').value;
  return records.filter(r => (!outcome || r.outcome === outcome) &&
    (!text || named(r).toLowerCase().includes(text) || why(r).toLowerCase().includes(text)));
}

function draw() {
  const found = chosen();
  at = Math.min(at, Math.max(0, Math.ceil(found.length / ROWS) - 1) * ROWS);
  const part = found.slice(at, at + ROWS);
  $('rows').replaceChildren(...part.map(r => {
    const id = make('th', {scope: 'row'}, named(r));
    return make('tr', null, id, make('td', null, start.outcomes[r.outcome] || r.outcome), make('td', null, why(r)));
  }));
  const of = found.length === records.length ? many(found.length) : `${many(found.length)} found in ${many(records.length)}`;
  put('showing', (part.length ? `${many(at + 1)} to ${many(at + part.length)} of ${of}` : `None of ${many(records.length)}`) +
    (cursor ? ', not all are loaded' : ''));
  $('back').disabled = !at;
  $('on').disabled = at + ROWS >= found.length;
  show('all', cursor);
}

async function file() {
  if (!await whole()) return;
  const several = records.some(r => r.module), more = r => several ? [r.module || ''] : [];
  const lines = [['id', 'outcome', 'code', 'message', ...(several ? ['module'] : [])],
    ...chosen().map(r => [r.id, r.outcome, r.code || '', r.message || '', ...more(r)])];
  save(`expunge-${$('records').dataset.id}.csv`, csv(lines));
}

const search = async () => { at = 0; draw(); if (cursor && await whole()) draw(); };
$('query').addEventListener('input', search);
$('outcome').addEventListener('change', search);
$('back').addEventListener('click', () => { at -= ROWS; draw(); });
$('on').addEventListener('click', () => { at += ROWS; draw(); });
$('all').addEventListener('click', whole);
$('csv').addEventListener('click', file);

for (const e of document.querySelectorAll('.copy')) e.hidden = false;
if (ZONE !== 'UTC') put('zone', `Times are in your time zone (${ZONE}), and in UTC.`);
dress();
read(false);
if (!final()) { put('live', 'It keeps itself up to date.'); next(); }
}
