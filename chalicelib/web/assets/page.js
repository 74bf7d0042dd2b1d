'use strict';
/* What the scripts of all pages are made with: elements, tables, commands to copy, times, CSV. Nothing here makes
   markup of text. */
const $ = id => document.getElementById(id);
const put = (id, text) => { const e = $(id); if (e && e.textContent !== text) e.textContent = text; };
const show = (id, yes) => { const e = $(id); if (e) e.hidden = !yes; };
const make = (tag, marks, ...inside) => {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(marks || {})) e.setAttribute(k, v);
  e.append(...inside.filter(each => each !== null && each !== undefined));
  return e;
};
const many = n => n.toLocaleString('en-US');
const counted = (n, noun) => `${many(n)} ${noun}${n === 1 ? '' : 's'}`;
const clock = () => new Date().toLocaleTimeString();

/* --- times: in UTC and in the reader's own zone --- */

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
const two = n => String(n).padStart(2, '0');
const utc = at => at.toISOString().slice(0, 19).replace('T', ' ');
const own = at => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ` +
  `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;

/** Such as "2026-11-29 19:46:08 (18:46:08 UTC)"; where the reader's zone is UTC, "2026-11-29 18:46:08 UTC". */
function when(iso) {
  const at = new Date(iso);
  if (isNaN(at)) return String(iso);
  if (!at.getTimezoneOffset()) return `${utc(at)} UTC`;
  const there = own(at).slice(0, 10) === utc(at).slice(0, 10) ? utc(at).slice(11) : utc(at);
  return `${own(at)} (${there} UTC)`;
}
const time = iso => make('time', {datetime: iso}, when(iso));

/** The text with the times in it as elements, and as code what stands in backticks. */
function dated(text) {
  const parts = text.split('`');
  return parts.length % 2 ? parts.flatMap((part, i) => i % 2 ? [make('code', null, part)] : timed(part)) : timed(text);
}

function timed(text) {
  const found = text.split(/(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z)/);
  return found.map((part, i) => i % 2 ? time(part) : part).filter(part => part !== '');
}

/** The times that the page came with. */
function dress() {
  for (const e of document.querySelectorAll('time')) e.textContent = when(e.dateTime);
}

/* --- a command to copy --- */

/** An option is not broken after its dashes. */
const options = text => text.split(/(?<= )(--[a-z][a-z-]*)/).map((part, i) => i % 2 ? make('span', {class: 'option'}, part) : part);
const command = text => make('div', {class: 'command'}, make('code', null, ...options(text)),
  make('button', {type: 'button', class: 'copy', 'aria-label': `Copy: ${text}`}, 'Copy'));

document.addEventListener('click', async event => {
  const button = event.target.closest('.copy');
  if (!button) return;
  const code = button.previousElementSibling;
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = 'Copied';
  } catch {  // not allowed here: it is chosen, so that the keyboard can copy it
    getSelection().selectAllChildren(code);
    button.textContent = 'Selected';
  }
  setTimeout(() => { button.textContent = 'Copy'; }, 2000);
});

/* --- tables: on a phone each row is a block of its own, with the headings beside its cells --- */

/** columns: [heading, row => text or element, is it a number?]; the first is the row's heading. */
function table(name, columns, rows) {
  const head = columns.map(([title, , number]) => make('th', {scope: 'col', role: 'columnheader', class: number ? 'number' : ''}, title));
  const cell = (row, [title, value, number], i) => {
    const inside = value(row) ?? '';
    return make(i ? 'td' : 'th', {...(i ? {role: 'cell'} : {scope: 'row', role: 'rowheader'}), class: number ? 'number' : '',
      'data-label': title}, inside === '' ? null : make('div', null, inside));
  };
  return make('table', {class: 'stack', role: 'table'}, make('caption', {class: 'away'}, name),
    make('thead', {role: 'rowgroup'}, make('tr', {role: 'row'}, ...head)),
    make('tbody', {role: 'rowgroup'}, ...rows.map(row => make('tr', {role: 'row'}, ...columns.map((column, i) => cell(row, column, i))))));
}

/** Sections of a table, each under a heading: [[heading, rows]]. */
const sections = (name, columns, parts) => parts.flatMap(([title, rows]) =>
  [make('h3', null, title), table(`${name}: ${title}`, columns, rows)]);

/** A region that can be scrolled by keyboard, where there is something in it. */
function frame(e, name, inside) {
  for (const [k, v] of [['role', 'region'], ['aria-label', name], ['tabindex', '0']]) {
    if (inside.length) e.setAttribute(k, v); else e.removeAttribute(k);
  }
  e.replaceChildren(...inside);
}

/* --- files: what a spreadsheet takes for a formula gets an apostrophe in front --- */

const quoted = text => `"${(/^[\s]*[=+\-@\uFF0B\uFF0D\uFF1D\uFF20\t\r\n]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
const csv = lines => `\uFEFF${lines.map(line => line.map(quoted).join(',')).join('\r\n')}\r\n`;

function save(name, text) {
  const link = make('a', {download: name});
  link.href = URL.createObjectURL(new Blob([text], {type: 'text/csv;charset=utf-8'}));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
