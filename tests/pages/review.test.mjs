// The page of `contactmill review`: from a sheet in Hindi to an export by keyboard, and whoever else asks
// for it.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { checkLooks, contactmill, draw, launch } from './browser.mjs';

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const HEADER = ['ग्राहक', 'संपर्क', 'ईमेल', 'शहर', 'कॉल न करें'];
const MARKUP = '<img src=x onerror="document.title=1">';

/** Twenty people, ten damaged numbers, eight local ones, one person twice, and markup. */
function rowsOfSheet() {
  const name = (first, at) => `${first} ${'कखगघचछजझटठडढणतथदधनपफ'[at]}र्मा`;
  const rows = [];
  for (let at = 0; at < 20; at += 1) {
    rows.push([name('आशा', at), `98765 432${at + 10}`, `asha${at}@example.com`, 'पुणे', at % 8 === 3 ? 'हाँ' : '']);
  }
  for (let at = 0; at < 10; at += 1) rows.push([name('मीरा', at), `8100${at}`, '', 'दिल्ली', '']);
  for (let at = 0; at < 8; at += 1) rows.push([name('रवि', at), `654${at}-3210`, '', 'मुंबई', '']);
  rows.push([name('आशा', 0), '98765 43210', 'other@example.com', 'पुणे', '']);
  rows.push([MARKUP, '<b>12</b>', '', 'مرحبا', '']);
  return rows;
}

function writeSheet(path, rows) {
  const cell = (text) => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  writeFileSync(path, [HEADER, ...rows].map((row) => `${row.map(cell).join(',')}\n`).join(''));
}

/** A review of the sheet in a folder of its own. */
async function reviewed(t, { folder = mkdtempSync(join(tmpdir(), 'review-')), input = 'leads.csv', args = [] } = {}) {
  const sheet = join(folder, 'leads.csv');
  if (!readdirSync(folder).includes('leads.csv')) writeSheet(sheet, rowsOfSheet());
  const child = spawn(contactmill, ['review', input, ...args], { cwd: folder });
  let printed = '';
  child.stderr.on('data', (text) => (printed += text));
  const url = await new Promise((resolve, reject) => {
    child.on('exit', () => reject(new Error(printed)));
    child.stdout.on('data', (text) => {
      printed += text;
      const found = printed.match(/http:\/\/\S+/);
      if (found) resolve(found[0]);
    });
  });
  const end = (signal = 'SIGTERM') =>
    new Promise((resolve) => (child.exitCode === null && child.signalCode === null ? child.on('exit', resolve) && child.kill(signal) : resolve()));
  t.after(async () => {
    await end();
    rmSync(folder, { recursive: true, force: true });
  });
  const [origin, token] = [new URL(url).origin, new URL(url).hash.slice(1)];
  return { folder, url, origin, token, end };
}

async function opened(url, more = {}) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...more });
  const said = [];
  page.on('console', (message) => message.type() === 'error' && said.push(message.text()));
  page.on('pageerror', (error) => said.push(error.message));
  await page.goto(url);
  return Object.assign(page, { said });
}

const turnTo = async (page, at) => page.keyboard.press(`Alt+Digit${at}`);
const allRead = (page) => page.getByText(/records, all read/).waitFor();
const counts = async (page) => {
  await allRead(page);
  const terms = await page.locator('.counts dt').allInnerTexts();
  const numbers = await page.locator('.counts strong').allInnerTexts();
  return Object.fromEntries(terms.map((term, at) => [term, Number(numbers[at])]));
};
async function countsBecome(page, expected) {
  for (let turn = 0; turn < 100; turn += 1) {
    const now = await counts(page);
    if (Object.entries(expected).every(([key, value]) => now[key] === value)) return;
    await page.waitForTimeout(100);
  }
  assert.deepEqual(await counts(page), expected);
}

/** Says which column holds the phones, and where they are from. */
async function mapped(page) {
  await page.getByRole('button', { name: 'Take संपर्क as phone' }).click();
  await page.getByLabel('Another country').fill('India');
  await page.keyboard.press('Enter');
  await page.getByText('Read as numbers of IN').waitFor();
  await countsBecome(page, { contacts: 20, rejected: 19, duplicates: 1 });
}

/** Focuses the first rejected number of a group, by its reason. */
async function group(page, reason) {
  await page.getByRole('button', { name: reason }).focus();
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement === document.querySelector('.rows .fix'));
}

const results = (folder) =>
  readdirSync(folder)
    .filter((name) => name !== 'manifest.json')
    .map((name) => [name, readFileSync(join(folder, name)).toString('latin1')]);

test('a sheet in Hindi is mapped, fixed by keyboard and exported like one that was corrected', async (t) => {
  const { folder, url } = await reviewed(t);
  const page = await opened(url);
  await checkLooks(page, 'review-unmapped');
  await page.setViewportSize({ width: 1280, height: 900 });
  await mapped(page);
  await checkLooks(page, 'review-columns');

  await page.setViewportSize({ width: 1280, height: 900 });
  const corrected = rowsOfSheet();
  await turnTo(page, 2);
  await group(page, /too few digits/);
  for (let at = 0; at < 10; at += 1) {
    const number = `+91 99887 7665${at}`;
    corrected[20 + at][1] = number;
    await page.keyboard.type(number);
    await page.getByText(`reads as +91998877665${at}`).waitFor();
    await page.keyboard.press('Enter');
    // The next cell is chosen, ready to be typed over.
    const next = `${at === 9 ? 41 : 23 + at}`;
    await page.waitForFunction((line) => document.activeElement.ariaLabel?.endsWith(`line ${line}`), next);
  }
  await countsBecome(page, { contacts: 30, rejected: 9 });

  await group(page, /no such number/);
  await page.keyboard.press('Home');
  await page.keyboard.type('+91 22 ');
  await page.keyboard.press('Enter');
  await page.getByText('7 more cells of this form').first().waitFor();
  await countsBecome(page, { contacts: 31, rejected: 8 });
  await draw(page, 'review');
  await checkLooks(page, 'review-fix');
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.keyboard.press('Alt+KeyA');
  for (let at = 0; at < 8; at += 1) corrected[30 + at][1] = `+91 22 ${corrected[30 + at][1]}`;
  await countsBecome(page, { contacts: 38, rejected: 1 });

  await turnTo(page, 3);
  await page.getByRole('button', { name: 'Take this other@example.com' }).click();
  corrected[0][2] = 'other@example.com';
  await page.getByText('Nothing of it is lost.').waitFor();
  await checkLooks(page, 'review-duplicates');

  await page.setViewportSize({ width: 1280, height: 900 });
  await turnTo(page, 4);
  await page.getByText('3 contacts opted out, and would be written to.').waitFor();
  await page.getByRole('switch').focus();
  await page.keyboard.press('Space');
  await countsBecome(page, { contacts: 35, 'left out': 3 });
  await checkLooks(page, 'review-left-out');

  await page.setViewportSize({ width: 1280, height: 900 });
  await turnTo(page, 5);
  await page.getByRole('button', { name: 'Export', exact: true }).last().click();
  await page.getByText('written to').waitFor();
  await checkLooks(page, 'review-export');
  assert.deepEqual(page.said, []);

  // The same by the command, of a sheet in which the cells were corrected.
  const dump = readFileSync(join(folder, 'leads.csv'));
  writeSheet(join(folder, 'leads.csv'), corrected);
  const options = ['--map', 'phone=संपर्क', '--region', 'IN', '--opt-outs', 'exclude', '--quiet'];
  const convert = (...more) => {
    const { status, stderr } = spawnSync(contactmill, ['convert', 'leads.csv', ...options, ...more], { cwd: folder });
    assert.equal(status, 0, stderr.toString());
  };
  convert('-o', 'corrected');
  const expected = results(join(folder, 'corrected'));
  assert.deepEqual(results(join(folder, 'contactmill-out')), expected);
  // And of the sheet as it was, with what the page wrote.
  writeFileSync(join(folder, 'leads.csv'), dump);
  convert('-o', 'fixed', '--fixes', 'leads.csv.fixes.csv');
  assert.deepEqual(results(join(folder, 'fixed')), expected);
});

test('a folder of results is reviewed as it was converted', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'review-'));
  writeSheet(join(folder, 'leads.csv'), rowsOfSheet());
  const options = ['--map', 'phone=संपर्क', '-r', 'IN', '--opt-outs', 'exclude', '--quiet', '-o', 'out'];
  const { status } = spawnSync(contactmill, ['convert', 'leads.csv', ...options], { cwd: folder });
  assert.equal(status, 0);
  const { url } = await reviewed(t, { folder, input: 'out' });
  const page = await opened(url);
  await countsBecome(page, { contacts: 17, rejected: 19, duplicates: 1, 'left out': 3 });
  await page.getByText('Read as numbers of IN').waitFor();
});

test('corrections survive a reload and a kill, and are undone', async (t) => {
  const { folder, url, end } = await reviewed(t, { args: ['--map', 'phone=संपर्क', '-r', 'IN'] });
  const page = await opened(url);
  await countsBecome(page, { contacts: 20, rejected: 19 });
  await turnTo(page, 2);
  await group(page, /too few digits/);
  await page.keyboard.type('+919988776655');
  await page.keyboard.press('Enter');
  await countsBecome(page, { contacts: 21, rejected: 18 });
  await page.keyboard.press('Alt+KeyU');
  await countsBecome(page, { contacts: 20, rejected: 19 });
  await page.waitForFunction(() => document.querySelector('.rows .fix')?.value === '81000');
  await group(page, /too few digits/);
  await page.keyboard.type('+919988776655');
  await page.keyboard.press('Enter');
  await countsBecome(page, { contacts: 21, rejected: 18 });
  await page.reload();
  await countsBecome(page, { contacts: 21, rejected: 18 });
  await end('SIGKILL');
  await turnTo(page, 2);
  await page.keyboard.press('Alt+KeyU');
  await page.getByText('The program has ended').waitFor();

  const copy = mkdtempSync(join(tmpdir(), 'review-'));
  for (const name of ['leads.csv', 'leads.csv.fixes.csv']) copyFileSync(join(folder, name), join(copy, name));
  const again = await reviewed(t, { folder: copy, args: ['--map', 'phone=संपर्क', '-r', 'IN'] });
  const next = await opened(again.url);
  await countsBecome(next, { contacts: 21, rejected: 18 });
  await next.keyboard.press('Alt+KeyU');
  await countsBecome(next, { contacts: 20, rejected: 19 });
});

test('nobody types into rows that are about to be replaced', async (t) => {
  const { url } = await reviewed(t, { args: ['--map', 'phone=संपर्क', '-r', 'IN'] });
  const page = await opened(url);
  await countsBecome(page, { rejected: 19 });
  // A group is opened the moment that the rows of another one are there, and its own rows are late.
  await page.route(/reason=phone_too_short/, async (route) => {
    await page.waitForTimeout(500);
    await route.continue();
  });
  await page.evaluate(() => {
    const group = () => [...document.querySelectorAll('.groups button')].find((one) => /too few digits/.test(one.textContent));
    const opens = new MutationObserver(() => {
      if (!document.querySelector('.rows .fix')) return;
      opens.disconnect();
      group().click();
    });
    opens.observe(document.body, { childList: true, subtree: true });
  });
  await turnTo(page, 2);
  await page.waitForFunction(() => document.activeElement.matches('.rows .fix'));
  assert.equal(await page.evaluate(() => document.activeElement.value), '81000');
});

test('markup in cells stays text', async (t) => {
  const { url } = await reviewed(t, { args: ['--map', 'phone=संपर्क', '-r', 'IN'] });
  const page = await opened(url);
  const title = await page.title();
  await countsBecome(page, { rejected: 19 });
  await turnTo(page, 2);
  await page.getByRole('button', { name: /too few digits/ }).click();
  await page.getByText(MARKUP).waitFor();
  assert.equal(await page.locator('img').count(), 0);
  assert.equal(await page.title(), title);
  assert.deepEqual(page.said, []);
});

test('the token is in no address that is asked for, and leaves the bar', async (t) => {
  const { url, token, origin } = await reviewed(t);
  const page = await browser.newPage();
  const asked = [];
  page.on('request', (request) => asked.push(request));
  await page.goto(url);
  await page.getByText('No column header names').waitFor();
  assert.equal(page.url(), `${origin}/`);
  assert.ok(asked.length >= 4);
  for (const request of asked) {
    assert.ok(!request.url().split('#')[0].includes(token), request.url());
    assert.ok(!(await request.allHeaders()).referer?.includes(token));
  }
});

/** Asks as a program would, with these headers. */
function asked(origin, path, { method = 'GET', headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const sent = request(`${origin}${path}`, { method, headers }, (answer) => {
      let text = '';
      answer.on('data', (more) => (text += more));
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

test('only the page itself gets an answer', async (t) => {
  const { origin, token } = await reviewed(t);
  const good = { 'X-Contactmill-Token': token };
  const json = { ...good, 'Content-Type': 'application/json' };
  const post = (headers, body = '{}') => ({ method: 'POST', headers, body });
  const status = async (path, more) => (await asked(origin, path, more)).status;
  assert.equal(await status('/api/state', { headers: good }), 200);
  assert.equal(await status('/api/state'), 401);
  assert.equal(await status('/api/state', { headers: { 'X-Contactmill-Token': `${token}0` } }), 401);
  assert.equal(await status(`/api/state?token=${token}`), 401);
  assert.equal(await status('/api/state', { headers: { ...good, Host: 'evil.example' } }), 403);
  assert.equal(await status('/', { headers: { Host: 'evil.example' } }), 403);
  assert.equal(await status('/api/state', { headers: { ...good, Origin: 'http://evil.example' } }), 403);
  assert.equal(await status('/api/state', { headers: { ...good, Origin: 'null' } }), 403);
  assert.equal(await status('/api/state', { headers: { ...good, 'Sec-Fetch-Site': 'cross-site' } }), 403);
  assert.equal(await status('/api/export', post(good)), 415);
  assert.equal(await status('/api/export', post({ ...good, 'Content-Type': 'text/plain' })), 415);
  assert.equal(await status('/api/read', post(json, `{"a":"${'x'.repeat(64 * 1024)}"}`)), 413);
  assert.equal(await status('/api/read', post(json, 'no json')), 400);
  assert.equal(await status('/', post({})), 405);
  assert.equal(await status('/api/nothing', { headers: good }), 404);
});

test('every answer says what a page may do', async (t) => {
  const { origin, token } = await reviewed(t);
  for (const path of ['/', '/app.js', '/style.css', '/api/state', '/nothing']) {
    const { headers } = await asked(origin, path, { headers: { 'X-Contactmill-Token': token } });
    const policy = headers['content-security-policy'];
    for (const part of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "connect-src 'self'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ]) {
      assert.ok(policy.split('; ').includes(part), `${path}: ${part}`);
    }
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
    assert.equal(headers['x-content-type-options'], 'nosniff');
  }
});

test('a name that is pointed at this machine gets nothing', async (t) => {
  const { origin, token } = await reviewed(t);
  const port = new URL(origin).port;
  const rebound = await launch('--host-resolver-rules=MAP evil.example 127.0.0.1');
  try {
    const page = await rebound.newPage();
    const answer = await page.goto(`http://evil.example:${port}/`);
    assert.equal(answer.status(), 403);
    const status = await page.evaluate(
      (token) => fetch('/api/state', { headers: { 'X-Contactmill-Token': token } }).then((got) => got.status),
      token,
    );
    assert.equal(status, 403);
  } finally {
    await rebound.close();
  }
});

test('the page of a stranger in the same browser reads and changes nothing', async (t) => {
  const { origin, token, folder } = await reviewed(t);
  const stranger = createServer((_, answer) => answer.setHeader('Content-Type', 'text/html').end('<p>Hello</p>'));
  await new Promise((resolve) => stranger.listen(0, '127.0.0.1', resolve));
  t.after(() => stranger.close());
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${stranger.address().port}/`);
  // Even with the token, which it cannot have.
  const outcomes = await page.evaluate(async ([origin, token]) => {
    const tried = async (path, options) => {
      try {
        const answer = await fetch(`${origin}${path}`, options);
        return answer.type === 'opaque' ? 'opaque' : answer.status;
      } catch {
        return 'refused';
      }
    };
    const headers = { 'X-Contactmill-Token': token };
    return [
      await tried('/api/state', { headers }),
      await tried('/api/export', { method: 'POST', mode: 'no-cors', body: '{}' }),
      await tried('/api/export', { method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' }, body: '{}' }),
      await tried('/app.js', { mode: 'no-cors' }),
    ];
  }, [origin, token]);
  assert.ok(outcomes.every((outcome) => outcome === 'refused'), outcomes.join());
  const framed = await page.evaluate(async (origin) => {
    const frame = document.createElement('iframe');
    frame.src = origin;
    document.body.append(frame);
    await new Promise((resolve) => (frame.onload = resolve));
    return frame.contentWindow.length;
  }, origin);
  assert.equal(framed, 0);
  assert.deepEqual(readdirSync(folder), ['leads.csv']);
});
