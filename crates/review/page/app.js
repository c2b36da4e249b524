// The page of one review. The program is the only judge: what a cell reads as, what is counted and what is
// written all come from it. Cells are text and stay text.

import { html, render, useEffect, useRef, useState } from '/vendor/htm-preact.js';

// The key came behind the #, which no request holds. Kept for a reload of this tab, and out of the address.
const token = location.hash.slice(1) || sessionStorage.getItem('token') || '';
sessionStorage.setItem('token', token);
history.replaceState(null, '', '/');

async function ask(path, body) {
  const headers = { 'X-Contactmill-Token': token };
  const request = body === undefined
    ? { headers }
    : { method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await fetch(path, request).catch(() => {
    throw new Error('The program has ended. Start contactmill review again: what you fixed is kept.');
  });
  if (answer.status === 401) {
    throw new Error('This is not the whole address. Open the one that contactmill review printed.');
  }
  const value = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(value.error ?? 'The program did not answer.');
  return value;
}

const number = new Intl.NumberFormat('en');
const count = (value) => number.format(value ?? 0);
const percent = (part, of) => `${Math.round((100 * part) / Math.max(of, 1))} %`;
const plural = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

const FIELDS = [
  ['', 'as it was found'],
  ['name', 'name'],
  ['first_name', 'first name'],
  ['last_name', 'last name'],
  ['phone', 'phone'],
  ['email', 'e-mail'],
  ['country', 'country'],
  ['tags', 'tags'],
  ['attribute', 'an attribute'],
  ['none', 'left out'],
];

const fieldName = (field) => {
  if (!field) return 'not taken';
  if (field.startsWith('attr:')) return 'an attribute';
  return FIELDS.find(([word]) => word === field)?.[1] ?? field;
};

const BY = {
  option: 'because you said so',
  preset: 'as in this known export',
  header: 'by its header',
  content: 'by its cells',
  rest: 'left over',
};

const COUNTS = [
  ['contacts', 'contacts'],
  ['rejected', 'rejected'],
  ['duplicates', 'duplicates'],
  ['excluded', 'left out'],
  ['blank', 'blank'],
];

/** Before and now, always in sight. */
function Counts({ state }) {
  const { before, now, sample } = state;
  const shown = now ?? sample;
  return html`<dl class="counts">
    ${COUNTS.map(([key, label]) => {
      // A count of none may be left out.
      const was = before && (before[key] ?? 0);
      const is = shown?.[key] ?? (now ? 0 : undefined);
      if (key === 'blank' && !is && !was) return null;
      const moved = now && was !== undefined && was !== is;
      return html`<div class=${`count ${key}`} key=${key}>
        <dt>${label}</dt>
        <dd>${moved && html`<span class="was">${count(was)}<span class="hidden"> before, </span></span>${' '}`}
          <strong>${is === undefined ? '–' : count(is)}</strong></dd>
      </div>`;
    })}
  </dl>`;
}

function Status({ state }) {
  const { progress, isCurrent, sample, needs, problem } = state;
  if (problem) return html`<p class="status bad">${problem}</p>`;
  if (needs) return html`<p class="status bad">Nothing is counted yet: say what the columns hold.</p>`;
  if (isCurrent) return html`<p class="status">${plural(state.now.records, 'record')}, all read.</p>`;
  const share = progress?.of ? Math.min(1, progress.done / progress.of) : 0;
  return html`<p class="status">
    Of the first ${count(sample?.records)} records, ${count(sample?.contacts)} are contacts.
    <label> Reading all… <progress value=${share} max="1">${percent(share, 1)}</progress></label>
  </p>`;
}

/** Cells of a column, as they stand and as they are read. */
function Cells({ cells }) {
  return html`<ul class="cells">
    ${cells.map(({ text, read }, at) => html`<li key=${at}>
      <bdi class="cell">${text}</bdi>
      ${read?.ok && read.text === text ? html`<span class="good" role="img" aria-label="reads as it stands">✓</span>`
        : read && html`<bdi class=${read.ok ? 'good' : 'bad'}>${read.text}</bdi>`}
    </li>`)}
    ${cells.length === 0 && html`<li class="quiet">no cell says anything</li>`}
  </ul>`;
}

function Column({ column, act }) {
  const id = `column-${column.letter}`;
  const why = [BY[column.by], column.why].filter(Boolean).join(': ');
  const choose = (event) => act('/api/map', { column: column.name, field: event.target.value });
  const value = column.chosen?.startsWith('attr:') ? 'attribute' : column.chosen ?? '';
  return html`<section class=${`card ${column.field ? '' : 'unused'}`} aria-labelledby=${id}>
    <h3 id=${id}><span class="letter">${column.letter}</span> <bdi>${column.name}</bdi></h3>
    <label>is <select value=${value} onChange=${choose}>
      ${FIELDS.map(([word, label]) => html`<option value=${word} selected=${word === value}>
        ${word === '' && !column.chosen ? fieldName(column.field) : label}
      </option>`)}
    </select></label>
    <p class="quiet">${column.field && why}
      ${column.sensitive && html`<span class="warn"> – looks sensitive (${column.sensitive}); leave it out?</span>`}</p>
    <${Cells} cells=${column.cells} />
  </section>`;
}

function Needs({ needs, act }) {
  if (!needs) return null;
  const take = () => act('/api/map', { column: needs.likely, field: 'phone' });
  return html`<div class="notice" role="alert">
    <p><strong>${needs.text}</strong> ${needs.needs && 'Which one holds the phone numbers? Choose “phone” for it below.'}</p>
    ${needs.likely && html`<button class="primary" onClick=${take}>Take <bdi>${needs.likely}</bdi> as phone</button>`}
  </div>`;
}

function Region({ state, act }) {
  const [text, setText] = useState('');
  const { regions, region } = state;
  const take = (code) => act('/api/map', { region: code });
  const typed = (event) => {
    event.preventDefault();
    if (text.trim()) take(text).then((ok) => ok && setText(''));
  };
  const candidates = regions?.candidates ?? [];
  return html`<section aria-labelledby="region">
    <h2 id="region">Country of numbers without a code</h2>
    <p>${region ? html`Read as numbers of <strong>${region}</strong>. <button onClick=${() => take('')}>Take none</button>`
      : 'None is taken: numbers without a country code are rejected, and nothing is guessed.'}</p>
    ${candidates.length > 0 && html`<table class="regions">
      <caption>${count(regions.tried)} numbers of the sample have no country code. How they fit:</caption>
      <thead><tr><th scope="col">Country</th><th scope="col">Mobile</th><th scope="col">Valid</th>
        <th scope="col">Written with its code</th><th scope="col"><span class="hidden">Take</span></th></tr></thead>
      <tbody>${candidates.map((one) => html`<tr key=${one.region}>
        <th scope="row">${one.region}${one.region === regions.likely ? ' – most likely' : ''}</th>
        <td>${percent(one.mobile, regions.tried)}</td>
        <td>${percent(one.valid, regions.tried)}</td>
        <td>${count(one.written)}</td>
        <td><button disabled=${one.region === region} onClick=${() => take(one.region)}>
          ${one.region === region ? 'taken' : html`Take <span class="hidden">${one.region}</span>`}</button></td>
      </tr>`)}</tbody>
    </table>`}
    <form onSubmit=${typed}>
      <label>Another country <input value=${text} onInput=${(event) => setText(event.target.value)} placeholder="IN, India or +91" autocomplete="off" /></label>
      <button>Take</button>
    </form>
  </section>`;
}

function Columns({ state, act }) {
  return html`<div>
    <${Needs} needs=${state.needs} act=${act} />
    ${!state.needs && html`<${Region} state=${state} act=${act} />`}
    ${state.inputs.map((input) => html`<section key=${input.name}>
      <h2>Columns of <bdi>${input.name}</bdi></h2>
      <div class="grid">${input.columns.map((column) =>
        html`<${Column} key=${column.letter} column=${column} act=${act} />`)}</div>
    </section>`)}
  </div>`;
}

/** Windows of the records of a group: the page never has all of them. */
function useWindow(code, state, say) {
  const [view, setView] = useState({ total: 0, from: 0, rows: [] });
  // An answer that comes late, behind another, is of no use.
  const latest = useRef(0);
  const load = async (from) => {
    const turn = (latest.current += 1);
    try {
      const { total, rows } = await ask(`/api/rows?reason=${code}&from=${from}`);
      if (turn !== latest.current) return;
      if (rows.length === 0 && total > 0) return load(Math.max(0, total - (total % 50 || 50)));
      setView({ code, total, from, rows });
    } catch (error) {
      say(error.message);
    }
  };
  // While somebody corrects the records of a window, they stay where they are.
  const isStill = view.code === code && view.rows.some((row) => row.mine);
  useEffect(() => {
    if (code && state.isCurrent && !isStill) load(view.code === code ? view.from : 0);
  }, [code, state.isCurrent, state.version, isStill]);
  // What is undone is as it was, wherever it stands.
  const fixes = useRef(state.fixes.count);
  useEffect(() => {
    const isUndone = state.fixes.count < fixes.current;
    fixes.current = state.fixes.count;
    if (isUndone) setView((old) => ({ ...old, rows: old.rows.map((row) => ({ ...row, mine: false })) }));
  }, [state.fixes.count]);
  const change = (row, more) => setView((old) => ({
    ...old,
    rows: old.rows.map((one) => (one.source === row.source && one.record === row.record ? { ...one, ...more } : one)),
  }));
  return { view, load, change };
}

function Pager({ view, load }) {
  const { total, from, rows } = view;
  if (total <= rows.length) return null;
  return html`<nav class="pager" aria-label="Records">
    <button disabled=${from === 0} onClick=${() => load(Math.max(0, from - 50))}>Previous 50</button>
    <span>${count(from + 1)} to ${count(from + rows.length)} of ${count(total)}</span>
    <button disabled=${from + rows.length >= total} onClick=${() => load(from + 50)}>Next 50</button>
  </nav>`;
}

/** What else stands in the record, so that a person knows whom it is about. */
function Context({ row, named }) {
  const cells = row.cells.map((cell, at) => [row.names[at] ?? '', cell, at]);
  const said = cells.filter(([, cell, at]) => at !== row.column && cell.trim());
  return html`<p class="context"><span class="line">${named && html`<bdi>${row.input}</bdi>, `}line ${row.line}</span>
    ${said.slice(0, 6).map(([name, cell, at]) => html`<span key=${at} class="other"><bdi class="quiet">${name}</bdi> <bdi>${cell}</bdi></span>`)}
  </p>`;
}

function Steps({ steps }) {
  if (!steps?.length) return null;
  return html`<details class="steps"><summary>How it is read</summary>
    <ol>${steps.map((step, at) => html`<li key=${at}><bdi>${step.text ?? String(step)}</bdi></li>`)}</ol></details>`;
}

function FixRow({ row, named, code, onFix, onNext }) {
  const stands = row.cells[row.column];
  // What is typed and not kept yet, and what it reads as.
  const [typed, setTyped] = useState(null);
  const [found, setFound] = useState(null);
  const latest = useRef(0);
  const key = `${row.source}-${row.record}`;
  const read = found ?? row.read;
  const forget = () => {
    latest.current += 1;
    setTyped(null);
    setFound(null);
  };
  const look = async (text) => {
    setTyped(text);
    const turn = (latest.current += 1);
    const answer = await ask('/api/read', { field: row.field, value: text }).catch(() => null);
    if (turn === latest.current) setFound(answer);
    return answer;
  };
  const onKeyDown = async (event) => {
    if (event.key === 'Escape') {
      forget();
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      onNext(row, event.key === 'ArrowDown' ? 1 : -1);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      // What stands in the cell, which may be ahead of what is drawn.
      const text = event.target.value;
      if (text !== stands) {
        if (!(await onFix(row, text, await look(text)))) return;
        forget();
      }
      onNext(row, 1);
    }
  };
  const isGood = read?.ok ?? true;
  return html`<li class=${row.mine && isGood ? 'row fixed' : 'row'}>
    <${Context} row=${row} named=${named} />
    <div class="edit">
      <input id=${`cell-${key}`} class="fix" dir="auto" value=${typed ?? stands} spellcheck="false" autocomplete="off"
        aria-label=${`${row.names[row.column]} of line ${row.line}`} aria-describedby=${`read-${key}`}
        onInput=${(event) => look(event.target.value)} onKeyDown=${onKeyDown} />
      <p id=${`read-${key}`} class="read">${row.mine && (isGood ? html`<span class="good">✓ fixed, </span>` : html`<span class="warn">kept, and still rejected: </span>`)}
        ${read ? html`<bdi class=${read.ok ? 'good' : 'bad'}>${read.ok ? `reads as ${read.text || 'nothing'}` : read.text}</bdi>
          ${!read.ok && read.code !== code && html`<span class="quiet"> – ${read.advice}</span>`}`
          : html`<span class="quiet">taken as it stands</span>`}</p>
      <${Steps} steps=${read?.steps} />
    </div>
  </li>`;
}

function focusOn(row) {
  const input = row && document.getElementById(`cell-${row.source}-${row.record}`);
  input?.focus();
  input?.select();
}

function Fix({ state, setState, turn, act, say }) {
  const named = state.inputs.length > 1;
  const groups = state.groups.filter(({ code }) => code !== 'duplicate' && !code.startsWith('contact_'));
  const [chosen, choose] = useState(null);
  const [offer, setOffer] = useState(null);
  const code = groups.some((group) => group.code === chosen) ? chosen : groups[0]?.code;
  const group = groups.find((one) => one.code === code);
  const { view, load, change } = useWindow(code, state, say);
  // Who turns to this step, or opens a group, goes on in its first cell, unless already further: 'step', or the
  // code of the group.
  const opens = useRef('step');
  useEffect(() => {
    const wanted = opens.current === 'step' ? code : opens.current;
    // Rows of another group are about to be replaced, and what is typed in them with them.
    if (!wanted || view.code !== wanted || view.rows.length === 0) return;
    const isFurther = opens.current === 'step' && document.activeElement.closest('main');
    opens.current = null;
    if (!isFurther) focusOn(view.rows.find((row) => row.column !== null));
  }, [view]);
  const open = (one) => {
    opens.current = one;
    choose(one);
    setOffer(null);
    if (one === code) load(0);
  };
  const onFix = async (row, after, read) => {
    const before = row.cells[row.column];
    const where = { source: row.source, record: row.record, column: row.column, before, after, reason: code };
    try {
      const { alike, prefix, state: next } = await ask('/api/fix', where);
      const cells = row.cells.map((cell, at) => (at === row.column ? after : cell));
      change(row, { cells, read, mine: true });
      setOffer(alike ? { ...where, alike, prefix } : null);
      setState(next);
      const said = read?.ok === false ? 'Kept, and still rejected.' : 'Fixed.';
      say(alike ? `${said} ${plural(alike, 'more cell')} of this form: Alt+A fixes them alike.` : said);
      return true;
    } catch (error) {
      say(error.message);
      return false;
    }
  };
  const onNext = (row, step) => {
    const at = view.rows.findIndex((one) => one.source === row.source && one.record === row.record);
    focusOn(view.rows[at + step]);
  };
  const fixAlike = async () => {
    const { alike, prefix, ...where } = offer;
    if (await act('/api/fix', { ...where, alike: true })) {
      setOffer(null);
      say(`${plural(alike, 'cell')} fixed alike.`);
      view.rows.forEach((row) => (row.mine = false));
      load(0);
    }
  };
  useEffect(() => {
    const onKey = (event) => {
      if (event.altKey && event.code === 'KeyA' && offer) {
        event.preventDefault();
        fixAlike();
      }
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  });
  if (groups.length === 0) {
    return html`<p class="empty">${state.isCurrent ? 'Every record is read. Nothing is left to fix.' : 'Still reading…'}</p>`;
  }
  return html`<div>
    <h2>What is rejected, by reason</h2>
    <ul class="groups">${groups.map((one) => html`<li key=${one.code}>
      <button aria-pressed=${one.code === code ? 'true' : 'false'} onClick=${() => open(one.code)}>
        <strong>${count(one.count)}</strong> ${one.meaning}</button></li>`)}</ul>
    ${group && html`<p><span class="quiet">What to do:</span> ${group.advice}${' '}
      ${code === 'phone_country_unknown' && html`<button onClick=${() => turn('columns')}>Choose their country</button>`}</p>`}
    ${offer && html`<div class="notice" role="group" aria-label="Cells of the same form">
      <p>${plural(offer.alike, 'more cell')} of this form ${offer.alike === 1 ? 'reads' : 'read'} as a number with <bdi class="cell">${offer.prefix}</bdi> in front.</p>
      <button class="primary" onClick=${fixAlike}>Put it in front of ${offer.alike === 1 ? 'it' : `all ${count(offer.alike)}`} <kbd>Alt+A</kbd></button>
      <button onClick=${() => setOffer(null)}>No</button>
    </div>`}
    <p class="quiet keys"><kbd>Enter</kbd> keeps what you typed and goes on · <kbd>↓</kbd> <kbd>↑</kbd> next and previous · <kbd>Esc</kbd> as it stood</p>
    <ol class="rows" start=${view.from + 1}>${view.rows.map((row) => row.column === null
      ? html`<li class="row" key=${`${row.source}-${row.record}`}><${Context} row=${row} named=${named} />
          <p class="quiet">The record as a whole is at fault: mend it in the file, or leave it rejected.</p></li>`
      : html`<${FixRow} key=${`${row.source}-${row.record}`} row=${row} named=${named} code=${code} onFix=${onFix} onNext=${onNext} />`)}</ol>
    <${Pager} view=${view} load=${load} />
  </div>`;
}

const POLICIES = [
  ['merge', 'Merge: the first keeps its values and takes what it lacks'],
  ['first', 'Keep the first, skip the others'],
  ['last', 'Keep the last, skip the others'],
  ['none', 'Keep all of them'],
];

function Duplicates({ state, act, say }) {
  const { view, load } = useWindow('duplicate', state, say);
  const take = (row, field) => act('/api/duplicate', { source: row.source, record: row.record, field });
  const rows = state.groups.some(({ code }) => code === 'duplicate') ? view.rows : [];
  return html`<div>
    <h2>Records with the number of another</h2>
    <label class="choice">Duplicates <select value=${state.duplicates} onChange=${(event) => act('/api/map', { duplicates: event.target.value })}>
      ${POLICIES.map(([word, label]) => html`<option value=${word} selected=${word === state.duplicates}>${label}</option>`)}
    </select></label>
    ${rows.length === 0 && html`<p class="empty">${state.isCurrent ? 'No number stands in two records.' : 'Still reading…'}</p>`}
    <ol class="rows" start=${view.from + 1}>${rows.map((row) => html`<li class="row" key=${`${row.source}-${row.record}`}>
      <div class="scroll" tabindex="0" role="region" aria-label=${`Line ${row.line} beside the record that is kept`}><table class="pair">
        <thead><tr><td></td>${row.names.map((name, at) => html`<th scope="col" key=${at}><bdi>${name}</bdi></th>`)}</tr></thead>
        <tbody>
          <tr class="kept"><th scope="row">kept, line ${row.kept?.line ?? '?'}</th>${row.names.map((_, at) => html`<td key=${at}><bdi>${row.kept?.cells[at] ?? ''}</bdi></td>`)}</tr>
          <tr><th scope="row">line ${row.line}</th>${row.names.map((_, at) => html`<td key=${at}><bdi>${row.cells[at] ?? ''}</bdi></td>`)}</tr>
        </tbody>
      </table></div>
      ${row.conflicts.length === 0 ? html`<p class="quiet">Nothing of it is lost.</p>`
        : html`<p class="lost"><span>Lost: </span>${row.conflicts.map(({ field, value }) => html`<span key=${field} class="conflict">
            <span class="quiet">${fieldName(field) === 'an attribute' ? field.slice(5) : fieldName(field)}</span> <bdi class="cell">${value}</bdi>
            <button onClick=${() => take(row, field)}>Take this <span class="hidden">${value}</span></button></span>`)}</p>`}
    </li>`)}</ol>
    <${Pager} view=${view} load=${load} />
  </div>`;
}

function LeftOut({ state, act, say }) {
  const named = state.inputs.length > 1;
  const groups = state.groups.filter(({ code }) => code.startsWith('contact_'));
  const { view, load } = useWindow(groups[0]?.code, state, say);
  const toggle = (event) => act('/api/map', { optOuts: event.target.checked });
  return html`<div>
    <h2>Who is left out</h2>
    <p><label class="switch"><input type="checkbox" role="switch" checked=${state.optOuts} onChange=${toggle} />
      Leave out people who do not want to be written to</label></p>
    <p>${state.optedOut === 0 ? 'No column of consents says so of anybody.'
      : `${plural(state.optedOut, 'contact')} opted out, ${state.optOuts ? 'and are left out.' : 'and would be written to.'}`}</p>
    ${groups.map((group) => html`<p key=${group.code}><strong>${count(group.count)}</strong> ${group.meaning}</p>`)}
    <ol class="rows" start=${view.from + 1}>${groups.length > 0 && view.rows.map((row) => html`<li class="row" key=${`${row.source}-${row.record}`}><${Context} row=${row} named=${named} /></li>`)}</ol>
    <${Pager} view=${view} load=${load} />
  </div>`;
}

function Export({ state, act }) {
  const { export: done, now } = state;
  const isRunning = done?.state === 'running';
  const quoted = (path) => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`);
  return html`<div>
    <h2>Export</h2>
    <p>${now ? `${plural(now.contacts, 'contact')} will be written as import arrays, with every list of what is not among them.`
      : 'Everything has to be read first.'}</p>
    ${now && html`<p>Not among them: ${count(now.rejected)} rejected, ${plural(now.duplicates, 'duplicate')}, ${count(now.excluded)} left out.</p>`}
    ${state.optedOut > 0 && !state.optOuts && html`<p class="warn">${plural(state.optedOut, 'contact')} opted out and would be written to: see Left out.</p>`}
    <p><button class="primary large" disabled=${!now || isRunning} onClick=${() => act('/api/export', {})}>${isRunning ? 'Writing…' : 'Export'}</button></p>
    ${done?.state === 'failed' && html`<p class="bad" role="alert">${done.message}</p>`}
    ${done?.state === 'done' && html`<div class="notice good-notice" role="status">
      <p><strong>${plural(done.counts.contacts, 'contact')}</strong> written to <bdi class="cell">${done.out}</bdi></p>
      <h3>Next: rehearse the upload, in two other terminals</h3>
      <pre tabindex="0">contactmill sandbox
CONTACTMILL_TOKEN=rehearsal contactmill upload ${quoted(done.out)} --base-url http://127.0.0.1:8642</pre>
    </div>`}
    ${state.fixes.count > 0 && html`<p class="quiet">What you fixed stands in <bdi>${state.fixes.file}</bdi>. The same result without this page: contactmill convert with --fixes.</p>`}
  </div>`;
}

const PAGES = [
  ['columns', 'Columns', Columns],
  ['fix', 'Fix', Fix],
  ['duplicates', 'Duplicates', Duplicates],
  ['left-out', 'Left out', LeftOut],
  ['export', 'Export', Export],
];

function App() {
  const [state, setState] = useState(null);
  const [page, turn] = useState('columns');
  const [message, say] = useState('');
  const act = async (path, body) => {
    try {
      const answer = await ask(path, body);
      setState(answer.state ?? answer);
      say('');
      return answer;
    } catch (error) {
      say(error.message);
      return null;
    }
  };
  const refresh = () => ask('/api/state').then(setState, (error) => say(error.message));
  useEffect(() => void refresh(), []);
  const isBusy = state && !state.problem && !state.needs && (!state.isCurrent || state.export?.state === 'running');
  useEffect(() => {
    if (!isBusy) return undefined;
    const timer = setTimeout(refresh, 200);
    return () => clearTimeout(timer);
  }, [state]);
  const undo = () => act('/api/fix', { undo: true }).then((done) => done && say(done.cells ? 'Undone.' : 'Nothing to undo.'));
  useEffect(() => {
    const onKey = (event) => {
      const at = event.altKey ? ['Digit1', 'Digit2', 'Digit3', 'Digit4', 'Digit5'].indexOf(event.code) : -1;
      if (at >= 0) {
        event.preventDefault();
        turn(PAGES[at][0]);
      } else if (event.altKey && event.code === 'KeyU') {
        event.preventDefault();
        undo();
      }
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  if (!state) return html`<main><h1>contactmill review</h1><p role="status">${message || 'Reading…'}</p></main>`;
  const [, title, Page] = PAGES.find(([name]) => name === page);
  const badge = { fix: state.now?.rejected, duplicates: state.now?.duplicates, 'left-out': state.now?.excluded };
  return html`
    <header class="top"><h1>Review <bdi>${state.inputs.map((input) => input.name).slice(0, 2).join(', ')}${state.inputs.length > 2 ? ' …' : ''}</bdi></h1>
        <button onClick=${undo} disabled=${state.fixes.count === 0}>Undo <kbd>Alt+U</kbd></button>
    </header>
    <section class="bar" aria-label="Counts">
      <${Counts} state=${state} />
      <${Status} state=${state} />
      <p class="message" role="status">${message}</p>
    </section>
    <nav class="turn" aria-label="Steps"><ul class="steps-nav">${PAGES.map(([name, label], at) => html`<li key=${name}>
        <button aria-current=${name === page ? 'page' : undefined} title=${`Alt+${at + 1}`} onClick=${() => turn(name)}>
          ${label}${badge[name] ? html` <span class="badge">${count(badge[name])}</span>` : ''}</button></li>`)}</ul></nav>
    <main aria-label=${title}><${Page} state=${state} setState=${setState} turn=${turn} act=${act} say=${say} /></main>`;
}

render(html`<${App} />`, document.getElementById('app'));
