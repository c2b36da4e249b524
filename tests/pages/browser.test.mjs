// The check of looks finds what it should, and lets the rest pass.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { checkLooks, launch, violations } from './browser.mjs';

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const page = (body, style = '') => `<!doctype html><html lang="en"><head><title>A page</title>
  <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; require-trusted-types-for 'script'">
  <meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
  <style>${style}</style></head><body><main><h1>A page</h1>${body}</main></body></html>`;

async function opened(html) {
  const tab = await browser.newPage();
  await tab.goto(`data:text/html,${encodeURIComponent(html)}`);
  return tab;
}

test('a good page passes in every look', async () => {
  await checkLooks(await opened(page('<p dir="auto">مرحبا</p>')), 'good');
});

test('a picture without a word is found, whatever the policy of the page', async () => {
  const found = await violations(await opened(page('<svg role="img"></svg>')));
  assert.match(found.join('\n'), /svg-img-alt/);
});

test('grey on dark is found in one theme', async () => {
  // axe takes a page without a background of its own for white.
  const style = 'html { background: light-dark(white, black) } p { color: #555 }';
  const tab = await opened(page('<p>Grey</p>', style));
  await assert.rejects(checkLooks(tab, 'grey'), /^AssertionError.*grey-dark-1280\ncolor-contrast/s);
});

test('what is cut off at the side of a narrow page is found', async () => {
  const tab = await opened(page('<p style="width: 500px">Wide</p>'));
  await assert.rejects(checkLooks(tab, 'wide'), /wide-light-390: \d+ px wide/);
});
