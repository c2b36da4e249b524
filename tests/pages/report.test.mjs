// The report: nobody is shut out of it, nothing leaves it, and what cells hold stays text.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { checkLooks, contactmill, draw, launch } from './browser.mjs';

const data = fileURLToPath(new URL('../data', import.meta.url));

let browser, folder;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'contactmill-pages-'));
  browser = await launch();
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The report of a run, open in a tab that notes every request and every complaint. */
async function reportOf(name, ...args) {
  const out = join(folder, name);
  execFileSync(contactmill, ['convert', ...args, '--report', '--quiet', '--out', out]);
  const tab = await browser.newPage();
  const seen = { requests: [], complaints: [] };
  tab.on('request', (request) => seen.requests.push(request.url()));
  tab.on('console', (message) => seen.complaints.push(message.text()));
  tab.on('pageerror', (error) => seen.complaints.push(String(error)));
  const url = String(pathToFileURL(join(out, 'report.html')));
  await tab.goto(url);
  return { tab, seen, url };
}

const messy = join(data, 'cases/report/in.csv');
const sample = join(data, 'contacts.csv');

test('the report of the sample is for everybody', async () => {
  const { tab } = await reportOf('sample', sample, '--region', 'IN');
  await checkLooks(tab, 'report');
  await draw(tab, 'report');
});

test('so is that of a run with other scripts, and every table open', async () => {
  const { tab, seen, url } = await reportOf('messy', messy);
  for (const summary of await tab.locator('summary').all()) await summary.click();
  await checkLooks(tab, 'report-messy');
  assert.deepEqual(seen, { requests: [url], complaints: [] });
});

test('so is that of results that are split, and of one part', async () => {
  const { tab, url } = await reportOf('parts', messy, '--split-by', 'country', '--opt-outs', 'exclude');
  await checkLooks(tab, 'report-parts');
  await tab.goto(url.replace('report.html', 'AE/report.html'));
  await checkLooks(tab, 'report-part');
});

test('so is that of a sample, and of a run without contacts', async () => {
  const { tab } = await reportOf('part', sample, '--sample', '50');
  await checkLooks(tab, 'report-of-sample');
  const nothing = await reportOf('nothing', join(data, 'cases/header-only/in.csv'));
  await checkLooks(nothing.tab, 'report-nothing');
});

test('so is that of an upload', async () => {
  const out = join(folder, 'uploaded');
  const args = ['--region', 'IN', '--max-contacts', '30', '--quiet', '--out', out];
  execFileSync(contactmill, ['convert', sample, ...args]);
  const sandbox = spawn(contactmill, ['sandbox', '--port', '0']);
  try {
    let said = '';
    for await (const some of sandbox.stdout) {
      said += some;
      if (said.includes('ends it.')) break;
    }
    const [url] = said.match(/http:\/\/[\d.:]+/);
    const env = { ...process.env, CONTACTMILL_TOKEN: 'rehearsal' };
    execFileSync(contactmill, ['upload', out, '--base-url', url, '--quiet'], { env });
  } finally {
    sandbox.kill();
  }
  const page = String(execFileSync(contactmill, ['report', out])).trim();
  const tab = await browser.newPage();
  await tab.goto(String(pathToFileURL(page)));
  await checkLooks(tab, 'report-upload');
});

test('markup in columns and cells stays text', async () => {
  const { tab } = await reportOf('markup', messy);
  assert.equal(await tab.locator('script, img').count(), 0);
  await tab.locator('summary').first().waitFor();
  assert.match(await tab.content(), /Content-Security-Policy/);
});

test('a value and a column are written in their own direction', async () => {
  const { tab } = await reportOf('direction', messy);
  for (const kind of ['.examples code', '.bars .label']) {
    const directions = await tab
      .locator(kind)
      .evaluateAll((all) => all.map((element) => getComputedStyle(element).direction));
    assert.deepEqual([...new Set(directions)].sort(), ['ltr', 'rtl'], kind);
  }
});
