// Uses the console of a daemon as its users do: signs in, reads a call while it goes on, books, moves and cancels a visit,
// changes hours, publishes a prompt, makes a test call by typing, in both languages, on a telephone, and by keyboard alone.
// Every page is checked as check.mjs does. Arguments: the console's address, a folder for pictures, a user, and their password.
import { mkdirSync } from 'node:fs';
import { checked, expect, look, open, pictures, press, report, signIn, visit } from './browser.mjs';

const [user, password] = process.argv.slice(4);
const BUSINESS = 'console/b/tel-aviv-locks';
const PAGES = [
  `${BUSINESS}/today`, `${BUSINESS}/calls`, `${BUSINESS}/calendar`, `${BUSINESS}/leads`, `${BUSINESS}/messages`,
  `${BUSINESS}/settings`, `${BUSINESS}/settings/appointments`, `${BUSINESS}/settings/prompt`, `${BUSINESS}/settings/versions`,
  `${BUSINESS}/test-call`,
  'console/system', 'console/users', 'console/audit', 'console/style-guide',
];
// From the begin of one practice call to that of the next one.
const CALL_EACH = 70_000;

mkdirSync(pictures, { recursive: true });

const text = (page, selector) => page.$eval(selector, (it) => it.innerText);

async function fill(page, name, value) {
  await page.$eval(`[name="${name}"]`, (it) => { it.value = ''; });
  await page.type(`[name="${name}"]`, value);
}

// By keyboard alone.
{
  const page = await open(1280);
  await visit(page, `${BUSINESS}/today`);
  expect(page, page.url().includes('/console/sign-in?'), 'a page is shown without a session');
  await signIn(page, user, password);
  expect(page, page.url().endsWith(`${BUSINESS}/today`), `signing in leads to ${page.url()}`);
  await page.close();
}

// A call that begins while the page is open appears, and its conversation grows, without a reload.
{
  const page = await open(1280);
  await visit(page, `${BUSINESS}/today`);
  await page.evaluate(() => { window.before = true; });
  const call = '[data-part="live"] a[href*="/calls/"]';
  const came = await page.waitForSelector(call, { timeout: CALL_EACH }).catch(() => null);
  expect(page, came, 'no call appeared');
  expect(page, await page.evaluate(() => window.before), 'the page was loaded anew');
  if (came) {
    await page.screenshot({ path: `${pictures}/daemon-today-live.png`, fullPage: true });
    await press(page, call);
    page.name = 'the live call';
    await page.evaluate(() => { window.before = true; });
    const turns = () => document.querySelectorAll('[data-part="talk"] li').length;
    const first = await page.evaluate(turns);
    const grew = await page.waitForFunction((old) => document.querySelectorAll('[data-part="talk"] li').length > old, { timeout: 30_000 }, first).catch(() => null);
    expect(page, grew, `the conversation did not grow beyond ${first} turns`);
    expect(page, await page.evaluate(() => window.before), 'the page was loaded anew');
    await page.screenshot({ path: `${pictures}/daemon-call-live.png`, fullPage: true });
  }
  await page.close();
}

// A visit is booked, moved and cancelled.
{
  const page = await open(1280);
  await visit(page, `${BUSINESS}/calendar`);
  await press(page, 'a[rel="next"]');
  page.name = 'next week';
  const free = await page.$$('.free a');
  expect(page, free.length > 2, 'there is nothing free next week');
  const week = page.url();
  await Promise.all([page.waitForNavigation(), free[0].click()]);
  await fill(page, 'phone', '052-7001122');
  await fill(page, 'name', 'דנה');
  await press(page, 'dialog form button:not([name])');
  expect(page, (await text(page, 'main')).includes('דנה'), 'the visit is not in the calendar');
  await page.goto(week, { waitUntil: 'load' });
  const other = await page.$eval('.free:last-of-type a', (it) => new URL(it.href).searchParams.get('book'));
  const visits = await page.$$eval('.visit a', (all) => all.filter((it) => it.innerText.includes('דנה')).map((it) => it.href));
  expect(page, visits.length === 1, `${visits.length} visits of the person`);
  await page.goto(visits[0], { waitUntil: 'load' });
  await page.$eval('[name="start"]', (it, value) => { it.value = value; }, other);
  await press(page, 'form[action$="/move"] button:not([name])');
  await page.goto(visits[0], { waitUntil: 'load' });
  expect(page, (await page.$eval('[name="start"]', (it) => it.value)) === other, 'the visit was not moved');
  await press(page, 'a[href$="cancel"]');
  await press(page, 'form[action$="/cancel"] button');
  await page.goto(visits[0], { waitUntil: 'load' });
  expect(page, !(await page.$('form[action$="/move"]')), 'the visit was not cancelled');
  await page.close();
}

// Hours and the prompt are changed, and published together.
{
  const page = await open(1280);
  await visit(page, `${BUSINESS}/settings/appointments`);
  await page.$eval('[name="hours.sunday.open"]', (it) => { it.value = '07:30'; });
  await press(page, '.sticky-foot button');
  await visit(page, `${BUSINESS}/settings/prompt`);
  await page.$eval('[name="prompt"]', (it) => { it.value += '\nביום העצמאות סגור.'; });
  await press(page, '.sticky-foot button:not([name])');
  await visit(page, `${BUSINESS}/settings/changes`);
  const changes = await text(page, 'main');
  expect(page, changes.includes('07:30') && changes.includes('ביום העצמאות סגור.'), 'the changes are not shown');
  await press(page, 'form[action$="/settings/publish"] button');
  await visit(page, `${BUSINESS}/settings/appointments`);
  expect(page, (await page.$eval('[name="hours.sunday.open"]', (it) => it.value)) === '07:30', 'the hours were not published');
  await page.close();
}

// A test call by typing and by keyboard alone: its talk grows without a reload.
for (const [language, theme, width] of [['he', 'light', 360], ['en', 'dark', 1280]]) {
  const page = await open(width, { inject: true });
  const name = (state) => `daemon-test-call-${state}.${language}.${theme}`;
  const to = async (selector) => {
    for (let steps = 0; steps < 60; steps += 1) {
      if (await page.$eval(selector, (it) => it === document.activeElement)) return;
      await page.keyboard.press('Tab');
    }
    expect(page, false, `${selector} can't be reached by keyboard`);
  };
  const enter = () => Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
  const hears = async (words) => {
    const came = await page.waitForFunction((it) => document.querySelector('[data-part="talk"]')?.innerText.includes(it), { timeout: 30_000 }, words).catch(() => null);
    expect(page, came, `the talk has no ${words}`);
  };
  await visit(page, `${BUSINESS}/test-call`);
  await look(page, language, theme);
  await to('[data-test-call] button');
  await enter();
  page.name = 'a test call';
  await page.evaluate(() => { window.before = true; });
  await hears('מנעולי תל אביב');
  expect(page, await page.$eval('[name="words"]', (it) => it === document.activeElement), 'the field of words has no focus');
  await page.keyboard.type('התקנת מנעול חכם');
  await page.keyboard.press('Enter');
  await hears('התקנת מנעול חכם');
  await page.waitForFunction(() => document.querySelectorAll('.turn.agent').length > 1, { timeout: 30_000 }).catch(() => expect(page, false, 'no answer'));
  expect(page, await page.evaluate(() => window.before), 'the page was loaded anew');
  expect(page, await page.$eval('[name="words"]', (it) => it.value === '' && it === document.activeElement), 'the field is not ready for the next words');
  await checked(page, width, name('live'));
  await to('form[action$="/hangup"] button');
  await enter();
  page.name = 'a test call that is over';
  expect(page, await page.$('[data-over]'), 'the call is not over');
  await checked(page, width, name('over'));
  await press(page, '[data-over] a.button');
  page.name = 'the record of a test call';
  await checked(page, width, name('record'));
  await page.close();
}

// Every page, in both languages, wide and narrow, light and dark.
for (const [language, theme, width] of [['he', 'light', 360], ['en', 'dark', 1280]]) {
  const page = await open(width, { inject: true });
  await visit(page, `${BUSINESS}/today`);
  await look(page, language, theme);
  const of = async (path) => {
    await visit(page, path);
    return page.$$eval('main a', (all) => all.map((it) => new URL(it.href).pathname.slice(1)));
  };
  // What is not there is noted.
  for (const path of await page.$$eval('nav a', (all) => all.map((it) => new URL(it.href).pathname.slice(1)))) {
    await visit(page, path);
  }
  // A call, a lead and a conversation, by their links.
  const one = async (list) => (await of(`${BUSINESS}/${list}`)).find((path) => path.startsWith(`${BUSINESS}/${list}/`));
  const details = [await one('calls'), await one('leads'), await one('messages')];
  expect(page, details.every(Boolean), `a list has no rows: ${details}`);
  for (const path of [...PAGES, ...details.filter(Boolean)]) {
    await visit(page, path);
    expect(page, (await page.$eval('html', (it) => it.lang)) === language, 'another language');
    const name = path.replace(/^console\//, '').replace(/^b\/[^/]*\//, '').replace(/\/[^/]{20,}/, '-one').replaceAll('/', '-');
    await checked(page, width, `daemon-${name}.${language}.${theme}`);
  }
  await page.close();
}

await report(`${PAGES.length + 3} pages of a daemon in 2 forms`);
