// A test call with the microphone that Chromium simulates, of a daemon whose model is no practice provider as far as it knows.
// The wire is read as the browser's own tools show it. Arguments: the console's address, a folder for pictures, a user, and
// their password.
import { mkdirSync } from 'node:fs';
import { checked, expect, look, open, pictures, press, report, signIn, visit } from './browser.mjs';

const [user, password] = process.argv.slice(4);
const PAGE = 'console/b/tel-aviv-locks/test-call';
const PATIENCE = 40_000;
// A sample of µ-law at 8 kHz, in milliseconds.
const SAMPLE = 1 / 8;

mkdirSync(pictures, { recursive: true });

const until = async (page, is, what) => {
  const end = Date.now() + PATIENCE;
  while (!is()) {
    if (Date.now() > end) return expect(page, false, what);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

{
  const page = await open(1280);
  await visit(page, PAGE);
  await signIn(page, user, password);
  await page.close();
}

// Whoever does not allow the microphone is told what to do, and no call begins.
{
  const page = await open(1280);
  await page.evaluateOnNewDocument(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
  });
  await visit(page, PAGE);
  await page.click('[data-test-call] button');
  const told = await page.waitForSelector('[data-wrong="denied"]:not([hidden])', { timeout: 10_000 }).catch(() => null);
  expect(page, told, 'nobody says that the microphone is not allowed');
  const again = await page.waitForFunction(() => document.querySelector('[data-test-call] button')?.disabled === false, { timeout: 5_000 }).catch(() => null);
  expect(page, again, 'the button can\'t be pressed again');
  await page.close();
}

for (const [language, theme, width] of [['he', 'light', 360], ['en', 'dark', 1280]]) {
  const page = await open(width, { inject: true });
  await visit(page, PAGE);
  await look(page, language, theme);
  const tools = await page.createCDPSession();
  await tools.send('Network.enable');
  // What passed, in its order.
  const wire = [];
  const note = (from) => ({ response: { payloadData } }) => {
    const message = JSON.parse(payloadData);
    wire.push({ from, at: Date.now(), ...message });
  };
  tools.on('Network.webSocketFrameReceived', note('daemon'));
  tools.on('Network.webSocketFrameSent', note('browser'));
  const of = (from, event) => wire.filter((it) => it.from === from && it.event === event);

  await page.evaluate(() => { window.before = true; });
  await page.click('[data-test-call] button');
  await page.waitForSelector('[data-media]', { timeout: 20_000 }).catch(() => expect(page, false, 'no call began'));
  page.name = 'a test call with a microphone';
  expect(page, await page.evaluate(() => window.before), 'the page was loaded anew');

  // The greeting is played, and not sooner than it can be does its last mark come back.
  await until(page, () => of('browser', 'mark').length > 0, 'no mark came back');
  const [first] = of('daemon', 'media');
  const [mark] = of('browser', 'mark');
  const before = wire.slice(0, wire.findIndex((it) => it.from === 'daemon' && it.event === 'mark' && it.mark.name === mark.mark.name));
  const sound = before.filter((it) => it.from === 'daemon' && it.event === 'media').reduce((sum, it) => sum + atob(it.media.payload).length * SAMPLE, 0);
  expect(page, mark.at - first.at > sound * 0.8, `${sound} ms of sound were played in ${mark.at - first.at} ms`);

  // The microphone is heard at its pace: a frame each 20 ms, and they are not silence alone.
  const frames = of('browser', 'media');
  const lasted = frames.at(-1).at - frames[0].at;
  expect(page, Math.abs(frames.length * 20 - lasted) < 400 + lasted / 10, `${frames.length} frames in ${lasted} ms`);
  await until(page, () => of('browser', 'media').some((it) => new Set(atob(it.media.payload)).size > 8), 'the microphone is silent');
  const level = await page.waitForFunction(() => document.querySelector('meter').value > 0.05, { timeout: 10_000 }).catch(() => null);
  expect(page, level, 'the page shows no level of the microphone');
  const greeted = await page.waitForFunction(() => document.querySelector('.turn.agent'), { timeout: 20_000 }).catch(() => null);
  expect(page, greeted, 'the greeting is not on the page');
  await checked(page, width, `daemon-test-call-spoken.${language}.${theme}`);

  // The beeps interrupt the agent: what waited is not played, and its marks are back at once.
  await until(page, () => of('daemon', 'clear').length > 0, 'nothing was cleared');
  if (of('daemon', 'clear').length > 0) {
    const cleared = wire.findIndex((it) => it.event === 'clear');
    const names = (from, of) => of.filter((it) => it.from === from && it.event === 'mark').map((it) => it.mark.name);
    const wanted = names('daemon', wire.slice(0, cleared));
    await until(page, () => wanted.every((name) => names('browser', wire).includes(name)), 'marks are missing after clear');
    const late = wire.find((it, place) => place > cleared && it.event === 'mark' && it.from === 'browser' && it.mark.name === wanted.at(-1));
    if (late) expect(page, late.at - wire[cleared].at < 500, `clear took ${late.at - wire[cleared].at} ms`);
  }

  await press(page, 'form[action$="/hangup"] button');
  page.name = 'a test call with a microphone that is over';
  expect(page, await page.$('[data-over]'), 'the call is not over');
  await checked(page, width, `daemon-test-call-spoken-over.${language}.${theme}`);
  await page.close();
}

await report('test calls with a microphone');
