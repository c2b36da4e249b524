// What every test of a page needs: the browser, the binary, and what holds for a page however it is
// looked at. `tests/pages.rs` runs these tests and says where the browser and the binary are.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import { chromium } from 'playwright-core';

/** The built command. */
export const contactmill = process.env.CONTACTMILL_BINARY ?? 'contactmill';

const executablePath = process.env.CONTACTMILL_CHROMIUM ?? '/usr/bin/chromium';

/** A folder for pictures of every page in every look; without it, none are made. */
const screenshots = process.env.CONTACTMILL_SCREENSHOTS;

/** Starts the browser, which asks for nothing of its own; `more` arguments stand behind those. */
export function launch(...more) {
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ];
  return chromium.launch({ executablePath, args: [...args, ...more] });
}

/** The folder of the pictures in the README; without it, they stay as they are. */
const pictures = process.env.CONTACTMILL_PICTURES;

/** How people look at a page. */
const LOOKS = ['light', 'dark'].flatMap((theme) =>
  [1280, 390].map((width) => ({ theme, width })),
);

/** What axe has against a page as it stands, one line each. */
export async function violations(page) {
  // Through the debugger: a page whose policy forbids scripts is checked with that policy.
  const session = await page.context().newCDPSession(page);
  const run = 'axe.run().then((found) => JSON.stringify(found.violations))';
  await session.send('Runtime.evaluate', { expression: `${axe.source}; undefined` });
  const evaluated = { expression: run, awaitPromise: true, returnByValue: true };
  const { result, exceptionDetails } = await session.send('Runtime.evaluate', evaluated);
  await session.detach();
  assert.equal(exceptionDetails, undefined, exceptionDetails?.exception?.description);
  return JSON.parse(result.value).flatMap(({ id, help, nodes }) =>
    nodes.map(({ html }) => `${id}: ${help}: ${html}`),
  );
}

/**
 * A page as it stands, in light and dark, wide and narrow: axe finds nothing, nothing is cut off at
 * the side, and there is a picture of it, `NAME-THEME-WIDTH.png`.
 */
export async function checkLooks(page, name) {
  for (const { theme, width } of LOOKS) {
    const look = `${name}-${theme}-${width}`;
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width, height: 900 });
    const found = await violations(page);
    assert.ok(found.length === 0, [look, ...found].join('\n'));
    const widthOfAll = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(widthOfAll <= width, `${look}: ${widthOfAll} px wide`);
    if (screenshots) {
      mkdirSync(screenshots, { recursive: true });
      await page.screenshot({ path: join(screenshots, `${look}.png`), fullPage: true });
    }
  }
}

/** Draws the top of a page for the README, `NAME.png`. */
export async function draw(page, name) {
  if (!pictures) return;
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1040, height: 760 });
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}
