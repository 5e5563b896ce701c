// The wire of a test call's sound: that of Twilio's media streams, from Twilio's side.

const base64 = (bytes) => btoa(String.fromCharCode(...bytes));
const bytes = (text) => Uint8Array.from(atob(text), (it) => it.charCodeAt(0));
const FRAME_MS = 20;

// What the browser sends.
export class ToDaemon {
  #sids;
  #send;
  #sequence = 0;
  #chunk = 0;

  // `sids` has those of `account`, `call` and `stream`; `send` takes a text.
  constructor(sids, send) {
    this.#sids = sids;
    this.#send = send;
  }

  begin() {
    this.#send(JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' }));
    const { account, call, stream } = this.#sids;
    this.#numbered('start', {
      accountSid: account,
      streamSid: stream,
      callSid: call,
      tracks: ['inbound'],
      mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
      customParameters: {},
    });
  }

  // 20 ms of the caller, as µ-law.
  frame(codes) {
    const timestamp = String(this.#chunk * FRAME_MS);
    this.#chunk += 1;
    this.#numbered('media', { track: 'inbound', chunk: String(this.#chunk), timestamp, payload: base64(codes) });
  }

  mark(name) {
    this.#numbered('mark', { name });
  }

  stop() {
    const { account, call } = this.#sids;
    this.#numbered('stop', { accountSid: account, callSid: call });
  }

  #numbered(event, body) {
    this.#sequence += 1;
    const { stream } = this.#sids;
    this.#send(JSON.stringify({ event, sequenceNumber: String(this.#sequence), streamSid: stream, [event]: body }));
  }
}

// What the daemon sends: `{ sound }`, `{ mark }` or `{ clear: true }`.
export function read(text) {
  const message = JSON.parse(text);
  switch (message.event) {
    case 'media': return { sound: bytes(message.media.payload) };
    case 'mark': return { mark: message.mark.name };
    case 'clear': return { clear: true };
    default: throw new Error(`a message that Twilio does not know: ${message.event}`);
  }
}
