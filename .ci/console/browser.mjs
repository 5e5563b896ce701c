// A browser that notes what goes wrong on the pages that it opens, for the checks beside this file.
// Arguments of them all: the address of the pages' server, and a folder for pictures.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import puppeteer from 'puppeteer-core';

export const [address, pictures] = process.argv.slice(2);
export const findings = [];

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const GRAVE = ['serious', 'critical'];

export const browser = await puppeteer.launch({
  executablePath: '/usr/bin/chromium',
  // The microphone is simulated: it beeps once a second.
  args: ['--no-sandbox', '--disable-gpu', '--lang=en', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
});

// A page that notes what goes wrong on it. Browsers draw date fields by data addresses of their own.
export async function open(width, { inject = false, scripts = true } = {}) {
  const page = await browser.newPage();
  await page.setViewport({ width, height: 800 });
  await page.setJavaScriptEnabled(scripts);
  // The policy of the page forbids what the checker brings.
  if (inject) await page.setBypassCSP(true);
  page.name = '';
  const note = (what) => findings.push(`${page.name}: ${what}`);
  page.on('console', (message) => { if (message.type() === 'error') note(message.text()); });
  page.on('pageerror', (error) => note(error.message));
  page.on('request', (request) => { if (!request.url().startsWith(address) && !request.url().startsWith('data:')) note(`asks ${request.url()}`); });
  page.on('response', (answer) => { if (answer.status() >= 400) note(`${answer.status()} for ${answer.url()}`); });
  return page;
}

export async function visit(page, path) {
  page.name = path;
  await page.goto(`${address}/${path}`, { waitUntil: 'load' });
}

// Elements that reach over the page's edge, but for those in a box that scrolls.
export const tooWide = () => {
  const width = document.documentElement.clientWidth;
  const is = (element) => {
    const { left, right, width: own } = element.getBoundingClientRect();
    return own > 0 && (right > width + 1 || left < -1) && !element.closest('.scroll, .index, .hidden, .skip, .brand');
  };
  return [...document.querySelectorAll('body *')].filter(is).slice(0, 3).map((it) => `${it.tagName}.${it.className}`);
};

// Presses something that leads to another page.
export const press = (page, selector) => Promise.all([page.waitForNavigation(), page.click(selector)]);

// Signs in by keyboard alone: the name has the focus after the way to it, and Enter sends the form.
export async function signIn(page, user, password) {
  for (let steps = 0; steps < 20; steps += 1) {
    if (await page.$eval('[name="user"]', (it) => it === document.activeElement)) break;
    await page.keyboard.press('Tab');
  }
  await page.keyboard.type(user);
  await page.keyboard.press('Tab');
  await page.keyboard.type(password);
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
}

// Language and colours, by the buttons of the page's head.
export async function look(page, language, theme) {
  if ((await page.$eval('html', (it) => it.lang)) !== language) await press(page, 'form[action$="/preferences"] button[name="language"]');
  while ((await page.$eval('html', (it) => it.dataset.theme)) !== theme) {
    await press(page, 'form[action$="/preferences"] button[name="theme"]');
  }
}

// A picture of the page, and what is wrong with it.
export async function checked(page, width, name) {
  for (const what of await page.evaluate(tooWide)) findings.push(`${page.name} at ${width}: too wide: ${what}`);
  findings.push(...await graveFindings(page, width));
  await page.screenshot({ path: `${pictures}/${name}.${width}.png`, fullPage: true });
}

// What axe finds serious or critical. The page must have been opened with `inject`.
export async function graveFindings(page, width) {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => (await axe.run(document, { resultTypes: ['violations'] })).violations);
  return found.filter((it) => GRAVE.includes(it.impact)).map(({ impact, id, nodes }) =>
    `${page.name} at ${width}: ${impact}: ${id}: ${nodes.map((node) => node.html).slice(0, 2).join(' ')}`);
}

export function expect(page, holds, what) {
  if (!holds) findings.push(`${page.name}: ${what}`);
}

// Tells what was found, and ends with status 1 if it was anything.
export async function report(what) {
  await browser.close();
  const different = [...new Set(findings)];
  console.log(different.join('\n'));
  console.log(`${what}: ${different.length} findings; pictures in ${pictures}`);
  process.exit(different.length === 0 ? 0 : 1);
}
