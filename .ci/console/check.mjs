// Opens every page of the gallery in Chromium, in both languages, light and dark, wide and as narrow as a telephone.
// Fails on: a serious finding of axe, a line that is wider than the page, an error of a script, a request to another host
// or to what is not there. Then it tries what the scripts do.
// Arguments: the gallery's address, a folder for pictures, and a pattern of the pages' names if not all are wanted.
import { mkdirSync } from 'node:fs';
import { address, browser, expect, findings, graveFindings, open, pictures, report, tooWide, visit } from './browser.mjs';

const pattern = process.argv[4] ?? '';
const VARIANTS = [
  ['he', 'light', 360], ['he', 'dark', 1280], ['en', 'dark', 360], ['en', 'light', 1280],
];

const names = await (async () => {
  const page = await open(1280);
  await visit(page, '');
  const all = await page.$$eval('li', (items) => items.map((item) => item.textContent.split(':')[0]));
  return all.filter((name) => new RegExp(pattern).test(name));
})();

mkdirSync(pictures, { recursive: true });
for (const [language, theme, width] of VARIANTS) {
  const page = await open(width, { inject: true });
  for (const name of names) {
    await visit(page, `${language}/${theme}/${name}`);
    for (const what of await page.evaluate(tooWide)) findings.push(`${page.name} at ${width}: too wide: ${what}`);
    await page.screenshot({ path: `${pictures}/${name}.${language}.${theme}.${width}.png`, fullPage: true });
    findings.push(...await graveFindings(page, width));
  }
  await page.close();
}

// What the scripts do, under the page's own policy.
{
  const page = await open(1280);
  await visit(page, 'en/light/today');
  await page.keyboard.press('Tab');
  expect(page, await page.$eval('.skip', (it) => it === document.activeElement), 'the first stop is not the skip link');
  await page.keyboard.press('Enter');
  expect(page, await page.$eval('main', (it) => it === document.activeElement), 'the skip link does not lead to main');

  await visit(page, 'he/light/calendar-visit');
  expect(page, await page.$eval('dialog', (it) => it.matches(':modal')), 'the dialog is not modal');
  const left = page.waitForNavigation();
  await page.keyboard.press('Escape');
  await left;
  expect(page, page.url().includes('/calendar?week='), 'Escape does not close the dialog');

  await visit(page, 'he/light/settings-appointments');
  const tuesday = '[data-hours-day]:nth-of-type(3)';
  const shown = () => page.$$eval(`${tuesday} .hours-span:not(.unused)`, (spans) => spans.length);
  expect(page, (await shown()) === 0, 'a closed day shows hours');
  await page.click(`${tuesday} [data-hours-add]`);
  expect(page, (await shown()) === 1, 'no hours were added');
  await page.click(`${tuesday} [data-hours-remove]`);
  expect(page, (await shown()) === 0, 'the hours were not removed');
  await page.close();
}

// An event replaces the part that it names, and nothing else.
{
  const page = await open(1280);
  await page.setRequestInterception(true);
  let reads = 0;
  page.on('request', async (request) => {
    if (request.url().endsWith('/console/events')) {
      const body = 'retry: 600000\nevent: changed\ndata: talk\n\n';
      return request.respond({ status: 200, contentType: 'text/event-stream', body });
    }
    if (!request.url().endsWith('/call-live')) return request.continue();
    reads += 1;
    const html = await (await fetch(request.url())).text();
    const fresh = reads === 1 ? html : html.replace(/<ol class="talk">/, '<ol class="talk" id="fresh">').replace('<h1>', '<h1 id="old">');
    return request.respond({ status: 200, contentType: 'text/html; charset=utf-8', body: fresh });
  });
  await visit(page, 'en/light/call-live');
  await page.evaluate(() => { window.before = true; });
  const came = await page.waitForSelector('#fresh', { timeout: 10_000 }).catch(() => null);
  expect(page, came, 'an event replaced nothing');
  expect(page, !(await page.$('#old')), 'an event replaced what it did not name');
  expect(page, await page.evaluate(() => window.before), 'the page was loaded anew');
  await page.close();
}

// A page that was left gives its stream back: a browser has six connections to one host.
{
  const page = await open(1280);
  const looks = ['he/light', 'en/light', 'he/dark', 'en/dark'];
  for (let turn = 0; turn < 9; turn += 1) {
    page.name = `${looks[turn % looks.length]}/call-live as page ${turn + 1}`;
    const path = `${address}/${looks[turn % looks.length]}/call-live`;
    const came = await page.goto(path, { waitUntil: 'load', timeout: 10_000 }).catch(() => null);
    expect(page, came, 'the page did not come: other pages hold the connections');
    if (!came) break;
  }
  await page.close();
}

// Without scripts every page can be read, and a dialog is there to be used.
{
  const page = await open(360, { scripts: false });
  for (const name of names) {
    await visit(page, `he/light/${name}`);
    const main = await page.$('main');
    const box = await main?.boundingBox();
    expect(page, box && box.height > 60, 'nothing can be read without scripts');
  }
  await visit(page, 'he/light/calendar-book');
  const button = await page.$('dialog button');
  expect(page, await button?.boundingBox(), 'the dialog is not shown without scripts');
  await page.close();
}

await report(`${names.length} pages in ${VARIANTS.length} forms`);
