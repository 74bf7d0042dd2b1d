/* The overview: it keeps itself up to date. */
const drawn = (tag, marks, ...inside) => {
  const e = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [k, v] of Object.entries(marks)) e.setAttribute(k, v);
  e.append(...inside);
  return e;
};
const words = text => text ? text.replaceAll('_', ' ') : '';
const span = s => s >= 7200 ? `${Math.round(s / 3600)} hours` : s >= 120 ? `${Math.round(s / 60)} minutes` : `${Math.round(s)} s`;
const EVERY = 1000 * document.querySelector('main').dataset.seconds;

/* --- tables --- */

function list(key, name, columns, rows) {
  $(`no-${key}`).hidden = rows.length > 0;
  frame($(key), name, rows.length ? [table(name, columns, rows)] : []);
}

const link = row => make('a', {href: row.link, target: '_blank', rel: 'noopener noreferrer'}, row.id);
const mark = kind => make('span', {class: 'mark', 'data-status': kind});
const stand = row => make('span', null, mark(row.kind), words(row.status) +
  (row.status === 'waiting' && row.waiting_for ? ` for ${row.waiting_for}` : ''));
const what = row => `${row.dry_run ? 'dry run: ' : ''}${words(row.operation)} ${row.module}`;
const COLUMNS = [
  ['Deletion', link], ['What', what], ['Org', row => row.org], ['Source', row => row.source],
  ['Reference', row => row.reference || ''], ['Created', row => time(row.created_at)],
];
const STATUS = ['Status', stand];
const PROCESSED = ['Processed', row => row.counts.requested ? `${many(row.counts.requested - row.counts.pending)} of ${many(row.counts.requested)}` : '', true];
const DELETED = ['Deleted', row => row.counts.requested ? `${many(row.counts.deleted || 0)} of ${many(row.counts.requested)}` : '', true];
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
      picture.append(drawn('rect', {'data-status': part, x: left + i * step + step * .1, y: at, width: step * .8, height: tall},
        drawn('title', {}, `${label(bucket.at)}: ${many(value(bucket, part))} ${name}`)));
    }
  });
  for (const [i, anchor] of [[0, 'start'], [buckets.length - 1, 'end']]) {
    picture.append(drawn('text', {x: anchor === 'start' ? left : width, y: height - 6, 'text-anchor': anchor}, label(buckets[i].at)));
  }
  place.querySelector('figcaption').textContent = title;
  plot.replaceChildren(picture);
  place.querySelector('.legend').replaceChildren(...(parts.length > 1 ? parts : []).map(([part, name]) =>
    make('li', null, make('span', {'data-status': part}), name)));
  const rows = buckets.filter(sum);
  frame(place.querySelector('.scroll'), `${title}, as a table`, [table(title, [[data.unit === 'day' ? 'Day (UTC)' : 'Hour (UTC)', each => label(each.at)],
    ...parts.map(([part, name]) => [name, each => many(value(each, part)), true])], rows)]);
}

/** A bar beside a number, which says the same. */
const share = part => drawn('svg', {viewBox: '0 0 100 10', preserveAspectRatio: 'none', 'aria-hidden': 'true'},
  drawn('rect', {x: 100 - 100 * part, width: 100 * part, height: 10}));

const runs = found => found.length ? make('div', null, ...found.slice(0, 3).map(each => make('div', null, time(each))))
  : 'never by itself';

/* --- all of it --- */

/** A number with the way to the deletions that it counts, where the audit view can show them. */
const tile = ([key, name, n, kind, status]) => make('div', kind ? {'data-status': kind} : null, make('dt', null, name),
  make('dd', null, make('span', {id: `total-${key}`}, many(n)),
    status && n ? make('button', {type: 'button', 'data-view': 'audit', 'data-want': status, 'aria-label': `Show ${name.toLowerCase()}`}, 'Show') : null));

function totals(d) {
  const t = d.totals, since = when(d.since);
  put('now-says', `Deletions asked for since ${since} that have not ended, or that need a person. What was asked for before is in the audit view.`);
  put('totals-says', `Deletions asked for since ${since}, by what became of them. Dry runs that have ended are counted apart.`);
  $('now').replaceChildren(...[
    ['open', 'In progress', t.open, 'open'], ['needs_attention', 'Needs attention', t.needs_attention, 'needs_attention', 'needs_attention'],
  ].map(tile));
  $('totals').replaceChildren(...[
    ['deletions', 'Deletions and dry runs', t.deletions], ['completed', 'Completed', t.completed, 'completed', 'completed'],
    ['partially_completed', 'Partially completed', t.partially_completed, 'partially_completed', 'partially_completed'],
    ['failed', 'Failed', t.failed, 'failed', 'failed'], ['refused', 'Refused', t.refused, 'refused', 'refused'],
    ['cancelled', 'Cancelled', t.cancelled, 'cancelled', 'cancelled'], ['dry_run', 'Dry runs', t.dry_run, 'dry_run'],
    ['records_deleted', 'Records deleted', t.records_deleted], ['calls', 'Credits for deleting', t.calls],
  ].map(tile));
}

function charts(d) {
  chart('deletions', 'Deletions by status', d.over_time, d.kinds.map(k => [k.key, k.words]), (b, k) => b.kinds[k]);
  chart('records', 'Records deleted', d.over_time, [['completed', 'Records deleted']], b => b.records_deleted);
  chart('calls', 'API credits for deleting (reading and counting come on top)', d.over_time,
    [['credits', 'Credits']], b => b.calls);
}

function lanes(d) {
  $('no-lanes').hidden = d.lanes.length > 0;
  const columns = [['Deletion', link], ['What', what], ['Place', row => row.status === 'running' ? 'runs' : row.ahead === null ? 'waits'
    : `${row.ahead} before it`], ['About', row => row.about_seconds === null ? '' : span(row.about_seconds)], PROCESSED,
    ['Source', row => row.source], ['Created', row => time(row.created_at)]];
  frame($('lanes'), 'Mass deletes by view', d.lanes.flatMap(lane => [make('h3', null, `Org ${lane.org}`),
    table(`Mass deletes by view in org ${lane.org}`, columns, [...lane.running, ...lane.waiting])]));
}

function heading(d) {
  document.title = `${d.stage}: ${many(d.totals.open)} in progress, ${many(d.totals.needs_attention)} need attention - Expunge`;
}

function overview(d) {
  heading(d);
  put('title', `Deletions of ${d.stage}`);
  $('all').hidden = false;
  $('part').hidden = d.whole;
  put('part', d.whole ? '' : 'There are more deletions in this time than are read: what is older is not in the sums. --most reads more.');
  $('pauses').replaceChildren(...d.pauses.map(p => make('p', {class: 'warning'}, `Paused: nothing is sent to Zoho for ` +
    `${p.org ? `org ${p.org}` : 'any org'}${p.set_at ? ` since ${when(p.set_at)}` : ''}${p.reason ? `. ${p.reason}` : ''}` +
    `${p.set_by ? ` (${p.set_by})` : ''}`)));
  totals(d); charts(d); lanes(d);
  list('attention', 'Deletions that need attention', [...COLUMNS, CODES], d.attention);
  list('ended', 'Deletions that ended lately', [COLUMNS[0], STATUS, ...COLUMNS.slice(1), ['Ended', row => row.finished_at ? time(row.finished_at) : ''], DELETED], d.ended);
  list('open', 'Deletions in progress', [COLUMNS[0], STATUS, ...COLUMNS.slice(1), PROCESSED], d.open);
  const most = Math.max(1, ...d.failures.map(row => row.count));
  list('failures', 'Problems by code', [['Code', row => make('code', null, row.code)],
    ['Records', row => make('div', {class: 'weight'}, share(row.count / most), make('span', null, many(row.count))), true],
    ['Deletions', row => many(row.deletions), true], ['Meaning', row => row.meaning], ['What to do', row => row.what_to_do]], d.failures);
  list('policies', 'Retention policies', [['Policy', row => row.name], ['Org', row => row.org], ['Module', row => row.module],
    ['Next runs', row => row.problems.length ? row.problems.join('; ') : runs(row.next_runs)],
    ['Last run', row => row.last_run ? time(row.last_run.at) : 'none'],
    ['Last skipped', row => row.last_skipped ? time(row.last_skipped.at) : ''], ['Only tells', row => row.dry_run ? 'yes' : 'no']], d.policies);
}

/** Tables are made anew only where they differ, and the link that had the focus has it again. */
const same = (a, b) => b && JSON.stringify({...a, as_of: 0, since: 0}) === JSON.stringify({...b, as_of: 0, since: 0});

function anew(d) {
  const {href} = document.activeElement;
  overview(d);
  if (href && !document.activeElement.href) [...document.links].find(each => each.href === href)?.focus();
}

let last = null, timer = 0, wait = EVERY, said = '';

function tell(text) { if (text !== said) put('say', said = text); }

/** Numbers that are no longer kept up to date are marked as such. */
function stale(why) {
  document.querySelector('main').classList.toggle('stale', Boolean(why && last));
  show('stale', why && last);
  if (!why || !last) return;
  put('stale', `These numbers are old: as of ${when(last.as_of)}. Now ${why}. Start expunge dashboard again for new ones.`);
  if (!document.title.startsWith('Old: ')) document.title = `Old: ${document.title}`;
}

async function turn() {
  timer = 0;
  try {
    const r = await fetch('data.json', {cache: 'no-store'}), d = await r.json();
    if (!r.ok) throw new Error(d.error);
    wait = EVERY;
    if (!same(d, last)) anew(d);
    if (document.title.startsWith('Old: ')) heading(d);
    last = d;
    stale(null);
    put('live', `As of ${when(d.as_of)}; it keeps itself up to date.`);
    tell(`${many(d.totals.open)} in progress, ${many(d.totals.needs_attention)} need attention`);
  } catch (problem) {
    wait = Math.min(wait * 2, 60000);
    const why = problem instanceof TypeError ? 'the command has ended' : problem.message;
    stale(why);
    put('live', `Not up to date: ${why}. Trying again.`);
    tell('Not up to date');
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
