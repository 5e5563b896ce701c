// A test call's line, where the browser makes and takes sound: the microphone in frames of µ-law at 8 kHz, and the agent's
// sound at the rate of this machine. It runs in the browser's audio thread; test_call.js has its other end.
import { encode } from './mulaw.js';
import { Playout } from './playout.js';
import { Resampler } from './resample.js';

const LINE_RATE = 8000;
const FRAME = 160;

class Line extends AudioWorkletProcessor {
  #rate = Math.round(sampleRate);
  #down = new Resampler(this.#rate, LINE_RATE);
  #up = new Resampler(LINE_RATE, this.#rate);
  #playout = new Playout();
  #frame = new Uint8Array(FRAME);
  #filled = 0;
  #loudest = 0;
  #ready = new Float32Array(0);

  constructor() {
    super();
    this.port.onmessage = ({ data: { sound, mark, clear } }) => {
      if (sound) this.#playout.push(sound);
      if (mark !== undefined) this.#playout.mark(mark);
      if (clear) {
        this.#ready = new Float32Array(0);
        this.#reached(this.#playout.clear());
      }
    };
  }

  #reached(marks) {
    if (marks.length > 0) this.port.postMessage({ marks });
  }

  process([[microphone]], [[speaker]]) {
    // Without a microphone there is silence: the daemon expects frames all the time.
    this.#hear(microphone ?? new Float32Array(speaker.length));
    this.#play(speaker);
    return true;
  }

  #hear(sound) {
    for (const sample of this.#down.push(sound)) {
      this.#frame[this.#filled] = encode(sample);
      this.#filled += 1;
      this.#loudest = Math.max(this.#loudest, Math.abs(sample));
      if (this.#filled < FRAME) continue;
      this.port.postMessage({ frame: this.#frame, level: this.#loudest });
      this.#frame = new Uint8Array(FRAME);
      this.#filled = 0;
      this.#loudest = 0;
    }
  }

  #play(speaker) {
    while (this.#ready.length < speaker.length) {
      const missing = speaker.length - this.#ready.length;
      const { sound, marks } = this.#playout.take(Math.ceil(missing * LINE_RATE / this.#rate));
      const fresh = this.#up.push(sound);
      const ready = new Float32Array(this.#ready.length + fresh.length);
      ready.set(this.#ready);
      ready.set(fresh, this.#ready.length);
      this.#ready = ready;
      this.#reached(marks);
    }
    speaker.set(this.#ready.subarray(0, speaker.length));
    this.#ready = this.#ready.slice(speaker.length);
  }
}

registerProcessor('line', Line);
