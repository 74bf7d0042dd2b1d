/* The views that are read when they are looked at: audit and recycle bin. */
const view = () => location.hash.slice(1) || 'overview';
const READS = {audit: () => audit(false), bin, operators: () => operators(false)};

function turnTo(name) {
  if (!$(`view-${name}`)) return;
  for (const each of document.querySelectorAll('nav [data-view]')) each.setAttribute('aria-pressed', each.dataset.view === name);
  for (const each of document.querySelectorAll('[id^=view-]')) each.hidden = each.id !== `view-${name}`;
  if (name === 'overview' && last) charts(last);  // what is hidden has no width to draw in
  READS[name]?.();
}

addEventListener('hashchange', () => turnTo(view()));
document.addEventListener('click', event => {
  const button = event.target.closest('[data-view]');
  if (!button) return;
  if (button.dataset.want) {
    $('status').value = button.dataset.want;
    $('month').value = ''; $('since').value = last.since.slice(0, 10); $('until').value = '';
  }
  if (view() === button.dataset.view) turnTo(view()); else location.hash = button.dataset.view;
  scrollTo(0, 0);
});

/** A view's data, or an error in words. */
async function fetched(path) {
  const r = await fetch(path, {cache: 'no-store'}).catch(() => null);
  if (!r) throw new Error('the command has ended: start expunge dashboard again');
  const d = await r.json();
  if (!r.ok) throw new Error(d.error);
  return d;
}

/* --- audit: every deletion, ended ones too --- */

const day = at => at.toISOString().slice(0, 10);
const FIELDS = ['status', 'source', 'reference', 'module'];
let rows = [], older = null, asked = 0;

for (let n = 0, at = new Date(); n < 15; n++) {
  const month = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() - n, 1)).toISOString().slice(0, 7);
  $('month').append(make('option', {value: month}, month));
}
$('since').value = day(new Date(Date.now() - 30 * 864e5));

$('month').addEventListener('change', () => {
  const [year, month] = $('month').value.split('-').map(Number);
  if (!year) return;
  $('since').value = day(new Date(Date.UTC(year, month - 1, 1)));
  $('until').value = day(new Date(Date.UTC(year, month, 1)));
});
for (const id of ['since', 'until']) $(id).addEventListener('change', () => { $('month').value = ''; });

function filters(cursor) {
  const query = new URLSearchParams();
  for (const id of ['since', 'until']) if ($(id).value) query.set(id, `${$(id).value}T00:00:00Z`);
  for (const id of FIELDS) if ($(id).value.trim()) query.set(id, $(id).value.trim());
  if (cursor) query.set('cursor', cursor);
  return query;
}

const nobody = row => row.source.startsWith('policy:') ? 'its schedule' : row.operation === 'delete_permanently' ? 'its undo window' : 'not said';
const who = row => make('div', null, make('div', null, row.asked_by || nobody(row)),
  row.approved_by ? make('div', null, `approved by ${row.approved_by}`) : null);
const AUDIT = [['Deletion', link], STATUS, ['What', what], ['Source', row => row.source], ['Reference', row => row.reference || ''],
  ['Asked for', row => time(row.created_at)], ['Ended', row => row.finished_at ? time(row.finished_at) : ''], ['Asked for by', who], DELETED];

/** The first page of what the filters mean, or the next one. An answer that came too late is passed over. */
async function audit(more) {
  const turn = ++asked;
  put('audit-says', 'Reading.');
  show('more', false);
  try {
    const d = await fetched(`audit.json?${filters(more ? older : null)}`);
    if (turn !== asked) return;
    rows = more ? [...rows, ...d.rows] : d.rows;
    older = d.next_cursor;
    list('audit', 'Deletions', AUDIT, rows);
    show('more', older);
    put('audit-says', `${counted(rows.length, 'deletion')}${older ? ', and there may be older ones' : ', all that there are'}. Days are UTC.`);
  } catch (problem) {
    if (turn === asked) put('audit-says', `Not read: ${problem.message}`);
  }
}

async function file() {
  const button = $('csv');
  button.disabled = true;
  put('audit-says', 'Reading all of them.');
  try {
    const d = await fetched(`audit.csv.json?${filters(null)}`);
    save(`expunge-audit-${$('since').value || 'all'}.csv`, `\uFEFF${d.lines.join('\n')}\n`);
    put('audit-says', `${counted(d.lines.length - 1, 'deletion')} saved. ${d.note}`.trim());
  } catch (problem) {
    put('audit-says', `Not saved: ${problem.message}`);
  }
  button.disabled = false;
}

$('filters').addEventListener('submit', event => { event.preventDefault(); audit(false); });
$('more').addEventListener('click', () => audit(true));
$('csv').addEventListener('click', file);

/* --- the recycle bin: what becomes permanent when --- */

async function bin() {
  put('bin-says', 'Reading.');
  try {
    const d = await fetched('bin.json'), on = d.stage === 'local' ? '' : ` --stage ${d.stage}`;
    const columns = [['Deletion', link], ['When', row => time(row.at)], ['By', row => row.by === 'expunge' ? 'Expunge, as asked' : 'Zoho, after 60 days'],
      ['Records', row => many(row.records), true], ['What', what], ['Source', row => row.source], ['Reference', row => row.reference || ''],
      ['To bring them back', row => command(`expunge restore ${row.id}${on}`)]];
    show('no-bin', !d.days.length);
    frame($('bin'), 'What becomes permanent when', sections('Recycle bin', columns,
      d.days.map(each => [`${each.day} (UTC): ${counted(each.records, 'record')}`, each.deletions])));
    put('bin-says', `As of ${when(d.as_of)}, of the last 75 days.` +
      (d.whole ? '' : ` Only the newest ${many(d.read)} deletions were read: --most reads more.`));
  } catch (problem) {
    put('bin-says', `Not read: ${problem.message}`);
  }
}

/* --- operators: who changed what --- */

const ENTRIES = [['When', row => time(row.at)], ['What', row => row.what.replace('.', ' ')], ['Of', row => row.target],
  ['By', row => row.by], ['Before and after', row => row.change]];
let entries = [], olderEntries = null;

async function operators(more) {
  put('operators-says', 'Reading.');
  show('before', false);
  try {
    const d = await fetched(`operators.json?${new URLSearchParams(more ? {cursor: olderEntries} : {})}`);
    entries = more ? [...entries, ...d.entries] : d.entries;
    olderEntries = d.next_cursor;
    list('operators', "Operators' log", ENTRIES, entries);
    show('before', olderEntries);
    put('operators-says', `${many(entries.length)} ${entries.length === 1 ? 'entry' : 'entries'}.`);
  } catch (problem) {
    put('operators-says', `Not read: ${problem.message}`);
  }
}

$('before').addEventListener('click', () => operators(true));

if (view() !== 'overview') turnTo(view());
