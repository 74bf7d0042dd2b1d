'use strict';
{
const $ = id => document.getElementById(id);
const put = (id, text) => { if ($(id).textContent !== text) $(id).textContent = text; };
const make = (tag, marks, ...inside) => {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(marks || {})) e.setAttribute(k, v);
  e.append(...inside.filter(each => each !== null && each !== undefined));
  return e;
};
const drawn = (tag, marks, ...inside) => {
  const e = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [k, v] of Object.entries(marks)) e.setAttribute(k, v);
  e.append(...inside);
  return e;
};
const many = n => n.toLocaleString('en-US');
const local = iso => iso ? new Date(iso).toLocaleString() : '';
const words = text => text ? text.replaceAll('_', ' ') : '';
const span = s => s >= 7200 ? `${Math.round(s / 3600)} hours` : s >= 120 ? `${Math.round(s / 60)} minutes` : `${Math.round(s)} s`;
const EVERY = 1000 * document.querySelector('main').dataset.seconds;

/* --- tables --- */

/** columns: [heading, row => text or element, is it a number?]; the first is the row's heading. */
function table(name, columns, rows) {
  const head = columns.map(([title, , number]) => make('th', {scope: 'col', class: number ? 'number' : ''}, title));
  const lines = rows.map(row => make('tr', null, ...columns.map(([, value, number], i) =>
    make(i ? 'td' : 'th', {...(i ? {} : {scope: 'row'}), class: number ? 'number' : ''}, value(row) ?? ''))));
  return make('table', null, make('caption', {class: 'away'}, name), make('thead', null, make('tr', null, ...head)),
    make('tbody', null, ...lines));
}

function list(key, name, columns, rows) {
  $(`no-${key}`).hidden = rows.length > 0;
  frame($(key), name, rows.length ? [table(name, columns, rows)] : []);
}

/** A region that can be scrolled by keyboard, where there is something in it. */
function frame(e, name, inside) {
  for (const [k, v] of [['role', 'region'], ['aria-label', name], ['tabindex', '0']]) {
    if (inside.length) e.setAttribute(k, v); else e.removeAttribute(k);
  }
  e.replaceChildren(...inside);
}

const link = row => make('a', {href: row.link, target: '_blank', rel: 'noopener noreferrer'}, row.id);
const what = row => `${row.dry_run ? 'dry run: ' : ''}${words(row.operation)} ${row.module}`;
const COLUMNS = [
  ['Deletion', link], ['What', what], ['Org', row => row.org], ['Source', row => row.source],
  ['Reference', row => row.reference || ''], ['Created', row => local(row.created_at)],
];
const STATUS = ['Status', row => words(row.status) + (row.status === 'waiting' && row.waiting_for ? ` for ${row.waiting_for}` : '')];
const PROCESSED = ['Processed', row => row.counts.requested ? `${many(row.counts.requested - row.counts.pending)} of ${many(row.counts.requested)}` : '', true];
const CODES = ['Problems', row => row.codes.join(', ')];

/* --- charts --- */

function nice(most) {
  const ten = 10 ** Math.floor(Math.log10(Math.max(most, 1)));
  return [1, 2, 4, 5, 10].map(n => n * ten).find(n => n >= most) || 1;
}

/** Stacked bars; parts: [[key, words]], value(bucket, key). */
function chart(key, title, data, parts, value) {
  const place = $(`chart-${key}`), plot = place.querySelector('.plot');
  const buckets = data.buckets, width = Math.max(plot.clientWidth, 240), height = 190, base = height - 24;
  const sum = bucket => parts.reduce((n, [part]) => n + value(bucket, part), 0);
  const top = nice(Math.max(1, ...buckets.map(sum))), left = 16 + 7 * many(top).length, step = (width - left) / buckets.length;
  const high = n => (base - 12) * n / top, total = buckets.reduce((n, each) => n + sum(each), 0);
  const label = iso => data.unit === 'day' ? iso.slice(5, 10) : `${iso.slice(5, 10)} ${iso.slice(11, 13)}h`;
  const picture = drawn('svg', {viewBox: `0 0 ${width} ${height}`, height, role: 'img', 'aria-labelledby': `t-${key} d-${key}`},
    drawn('title', {id: `t-${key}`}, title),
    drawn('desc', {id: `d-${key}`}, `${many(total)} in ${buckets.length} ${data.unit}s of UTC, ${label(buckets[0].at)} to ` +
      `${label(buckets.at(-1).at)}; at most ${many(Math.max(...buckets.map(sum)))} in one. The table below has the numbers.`));
  for (const n of new Set([0, top / 2, top])) {
    if (n % 1) continue;
    picture.append(drawn('line', {x1: left, x2: width, y1: base - high(n), y2: base - high(n)}),
      drawn('text', {x: left - 6, y: base - high(n) + 4, 'text-anchor': 'end'}, many(n)));
  }
  buckets.forEach((bucket, i) => {
    let at = base;
    for (const [part, name] of parts) {
      const tall = high(value(bucket, part));
      if (!tall) continue;
      at -= tall;
      picture.append(drawn('rect', {class: `k-${part}`, x: left + i * step + step * .1, y: at, width: step * .8, height: tall},
        drawn('title', {}, `${label(bucket.at)}: ${many(value(bucket, part))} ${name}`)));
    }
  });
  for (const [i, anchor] of [[0, 'start'], [buckets.length - 1, 'end']]) {
    picture.append(drawn('text', {x: anchor === 'start' ? left : width, y: height - 6, 'text-anchor': anchor}, label(buckets[i].at)));
  }
  place.querySelector('figcaption').textContent = title;
  plot.replaceChildren(picture);
  place.querySelector('.legend').replaceChildren(...(parts.length > 1 ? parts : []).map(([part, name]) =>
    make('li', null, make('span', {class: `k-${part}`}), name)));
  const rows = buckets.filter(sum);
  frame(place.querySelector('.scroll'), `${title}, as a table`, [table(title, [[data.unit === 'day' ? 'Day (UTC)' : 'Hour (UTC)', each => label(each.at)],
    ...parts.map(([part, name]) => [name, each => many(value(each, part)), true])], rows)]);
}

/** A bar beside a number, which says the same. */
const share = part => drawn('svg', {viewBox: '0 0 100 10', preserveAspectRatio: 'none', 'aria-hidden': 'true'},
  drawn('rect', {class: 'k-failed', x: 100 - 100 * part, width: 100 * part, height: 10}));

const runs = found => found.length ? make('div', null, ...found.slice(0, 3).map(each => make('div', null, local(each))))
  : 'never by itself';

/* --- all of it --- */

function totals(d) {
  const t = d.totals, shown = [
    ['deletions', 'Deletions', t.deletions, ''], ['open', 'In progress', t.open, 'already_absent'],
    ['needs_attention', 'Needs attention', t.needs_attention, 'unknown'], ['failed', 'Failed', t.failed, 'failed'],
    ['partially_completed', 'Partially completed', t.partially_completed, 'unknown'],
    ['records_deleted', 'Records deleted', t.records_deleted, 'deleted'], ['calls', 'Credits for deleting', t.calls, ''],
  ];
  $('totals').replaceChildren(...shown.map(([key, name, n, kind]) => make('div', {'data-kind': kind},
    make('dt', null, name), make('dd', {id: `total-${key}`}, many(n)))));
}

function charts(d) {
  chart('deletions', 'Deletions by status', d.over_time, d.kinds.map(k => [k.key, k.words]), (b, k) => b.kinds[k]);
  chart('records', 'Records deleted', d.over_time, [['completed', 'Records deleted']], b => b.records_deleted);
  chart('calls', 'API credits for deleting (reading and counting come on top)', d.over_time,
    [['open', 'Credits']], b => b.calls);
}

function lanes(d) {
  $('no-lanes').hidden = d.lanes.length > 0;
  const columns = [['Deletion', link], ['What', what], ['Place', row => row.status === 'running' ? 'runs' : row.ahead === null ? 'waits'
    : `${row.ahead} before it`], ['About', row => row.about_seconds === null ? '' : span(row.about_seconds)], PROCESSED,
    ['Source', row => row.source], ['Created', row => local(row.created_at)]];
  frame($('lanes'), 'Mass deletes by view', d.lanes.flatMap(lane => [make('h3', null, `Org ${lane.org}`),
    table(`Mass deletes by view in org ${lane.org}`, columns, [...lane.running, ...lane.waiting])]));
}

function show(d) {
  document.title = `${d.stage}: ${many(d.totals.open)} in progress, ${many(d.totals.needs_attention)} need attention - Expunge`;
  put('title', `Deletions of ${d.stage} since ${local(d.since)}`);
  $('all').hidden = false;
  $('part').hidden = d.whole;
  put('part', d.whole ? '' : 'There are more deletions in this time than are read: what is older is not in the sums. --most reads more.');
  $('pauses').replaceChildren(...d.pauses.map(p => make('p', {class: 'warning'}, `Paused: nothing is sent to Zoho for ` +
    `${p.org ? `org ${p.org}` : 'any org'}${p.set_at ? ` since ${local(p.set_at)}` : ''}${p.reason ? `. ${p.reason}` : ''}` +
    `${p.set_by ? ` (${p.set_by})` : ''}`)));
  totals(d); charts(d); lanes(d);
  list('attention', 'Deletions that need attention', [...COLUMNS, CODES], d.attention);
  list('open', 'Deletions in progress', [COLUMNS[0], STATUS, ...COLUMNS.slice(1), PROCESSED], d.open);
  const most = Math.max(1, ...d.failures.map(row => row.count));
  list('failures', 'Problems by code', [['Code', row => make('code', null, row.code)],
    ['Records', row => make('div', {class: 'weight'}, share(row.count / most), make('span', null, many(row.count))), true],
    ['Deletions', row => many(row.deletions), true], ['Meaning', row => row.meaning], ['What to do', row => row.what_to_do]], d.failures);
  list('policies', 'Retention policies', [['Policy', row => row.name], ['Org', row => row.org], ['Module', row => row.module],
    ['Next runs', row => row.problems.length ? row.problems.join('; ') : runs(row.next_runs)],
    ['Last run', row => row.last_run ? local(row.last_run.at) : 'none'],
    ['Last skipped', row => row.last_skipped ? local(row.last_skipped.at) : ''], ['Only tells', row => row.dry_run ? 'yes' : 'no']], d.policies);
}

/** Tables are made anew only where they differ, and the link that had the focus has it again. */
const same = (a, b) => b && JSON.stringify({...a, as_of: 0, since: 0}) === JSON.stringify({...b, as_of: 0, since: 0});

function anew(d) {
  const {href} = document.activeElement;
  show(d);
  if (href && !document.activeElement.href) [...document.links].find(each => each.href === href)?.focus();
}

let last = null, timer = 0, wait = EVERY, said = '';

function say(text) { if (text !== said) put('say', said = text); }

async function turn() {
  timer = 0;
  try {
    const r = await fetch('data.json', {cache: 'no-store'}), d = await r.json();
    if (!r.ok) throw new Error(d.error);
    wait = EVERY;
    if (!same(d, last)) anew(d);
    last = d;
    put('live', `As of ${new Date(d.as_of).toLocaleTimeString()}; it keeps itself up to date.`);
    say(`${many(d.totals.open)} in progress, ${many(d.totals.needs_attention)} need attention`);
  } catch (problem) {
    wait = Math.min(wait * 2, 60000);
    const why = problem instanceof TypeError ? 'the command has ended' : problem.message;
    put('live', `Not up to date: ${why}. Trying again.`);
    say('Not up to date');
  }
  next();
}

function next() { if (!document.hidden && !timer) timer = setTimeout(turn, wait); }

document.addEventListener('visibilitychange', () => {
  clearTimeout(timer); timer = 0;
  if (!document.hidden) turn();
});
let width = innerWidth;
addEventListener('resize', () => { if (last && width !== innerWidth) { width = innerWidth; charts(last); } });
turn();
}
