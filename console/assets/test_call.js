// A test call. By microphone: its sound goes to the daemon as a telephone's does. By typing: words go without a reload.
import { watchForms } from './forms.js';
import { listen } from './live.js';
import { ToDaemon, read } from './media_stream.js';

const ACCOUNT = `AC${'0'.repeat(32)}`;
// What is worth an explanation of its own; the page has one for each.
const WRONG = { NotAllowedError: 'denied', NotFoundError: 'missing', OverconstrainedError: 'missing', NotReadableError: 'busy' };

export function offerTestCalls(root) {
  const form = root.querySelector('[data-test-call]');
  form?.addEventListener('submit', (event) => {
    if (event.submitter?.value !== 'microphone') return;
    event.preventDefault();
    speak(form);
  });
  const say = root.querySelector('[data-say]');
  say?.addEventListener('submit', (event) => {
    event.preventDefault();
    send(say);
  });
  // The line of words has the focus, so it would stay when the call is over.
  const whenOver = () => { if (document.querySelector('[data-over]')) location.reload(); };
  if (say) new MutationObserver(whenOver).observe(document.querySelector('main'), { childList: true, subtree: true });
}

function explain(wrong) {
  for (const it of document.querySelectorAll('[data-wrong]')) it.hidden = it.dataset.wrong !== wrong;
}

// After forms.js has disabled them.
function enable(form) {
  setTimeout(() => {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll('button')) button.disabled = false;
  });
}

const post = (form, more = {}) => {
  const fields = new FormData(form);
  for (const [name, value] of Object.entries(more)) fields.set(name, value);
  return fetch(form.action, { method: 'POST', body: new URLSearchParams(fields), headers: { accept: 'text/html' } });
};

async function send(form) {
  const input = form.elements.words;
  try {
    const answer = await post(form);
    // The call is over, or the words were refused: the page says so.
    if (!answer.ok || new URL(answer.url).pathname !== location.pathname) return location.assign(answer.url);
    input.value = '';
    explain('');
  } catch {
    explain('lost');
  }
  enable(form);
  input.focus();
}

async function speak(form) {
  explain('');
  let line;
  try {
    line = await Line.open();
    await start(form, line);
  } catch (error) {
    line?.close();
    explain(WRONG[error.name] ?? error.wrong ?? 'failed');
    enable(form);
  }
}

const wrong = (word) => Object.assign(new Error(word), { wrong: word });

// Starts the call. Its page takes the place of this one without a reload, since the browser gave the sound to this one.
async function start(form, line) {
  const answer = await post(form, { by: 'microphone' }).catch(() => { throw wrong('lost'); });
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const main = page.querySelector('main');
  if (!main) throw wrong('failed');
  document.querySelector('main').replaceWith(document.adoptNode(main));
  document.title = page.title;
  if (answer.redirected) history.replaceState(null, '', answer.url);
  watchForms(main);
  offerTestCalls(main);
  main.focus();
  const call = main.querySelector('[data-media]');
  if (!call) return line.close();
  listen(page.body.dataset.events);
  line.connect(call);
}

// The browser's end of the telephone line.
class Line {
  #context;
  #microphone;
  #node;
  #socket;

  static async open() {
    if (!navigator.mediaDevices?.getUserMedia || !window.AudioWorkletNode) throw wrong('insecure');
    const line = new Line();
    try {
      line.#context = new AudioContext({ latencyHint: 'interactive' });
      line.#microphone = await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
      });
      await line.#context.audioWorklet.addModule(new URL('line_worklet.js', import.meta.url));
      await line.#context.resume();
    } catch (error) {
      line.close();
      throw error;
    }
    return line;
  }

  // `call` is the element that names the call and where its sound goes.
  connect(call) {
    const random = crypto.getRandomValues(new Uint8Array(16));
    const stream = `MZ${[...random].map((it) => it.toString(16).padStart(2, '0')).join('')}`;
    const socket = new WebSocket(new URL(call.dataset.media, location.href.replace(/^http/, 'ws')));
    const send = (text) => { if (socket.readyState === WebSocket.OPEN) socket.send(text); };
    const daemon = new ToDaemon({ account: ACCOUNT, call: call.dataset.call, stream }, send);
    const level = call.querySelector('meter');
    socket.addEventListener('open', () => {
      daemon.begin();
      this.#node = new AudioWorkletNode(this.#context, 'line', { outputChannelCount: [1] });
      this.#node.port.onmessage = ({ data: { frame, level: loudest, marks = [] } }) => {
        if (frame) daemon.frame(frame);
        if (level && loudest !== undefined) level.value = loudest;
        for (const mark of marks) daemon.mark(mark);
      };
      this.#context.createMediaStreamSource(this.#microphone).connect(this.#node).connect(this.#context.destination);
    });
    socket.addEventListener('message', ({ data }) => this.#node.port.postMessage(read(data)));
    socket.addEventListener('close', () => {
      this.close();
      // What has become of the call.
      location.reload();
    });
    // Somebody pulls the microphone out.
    this.#microphone.getTracks()[0].addEventListener('ended', () => explain('unplugged'));
    addEventListener('pagehide', () => { daemon.stop(); this.close(); });
    this.#socket = socket;
  }

  close() {
    this.#socket?.close();
    for (const track of this.#microphone?.getTracks() ?? []) track.stop();
    if (this.#context?.state !== 'closed') this.#context?.close();
  }
}
