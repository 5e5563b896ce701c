// What the browser plays of a test call, as Twilio's playout buffer does it: a mark comes back when all sound before it
// was played. `clear` drops the sound, and every waiting mark comes back.
import { decode } from './mulaw.js';

export class Playout {
  // Pieces of sound, as µ-law, and names of marks.
  #queue = [];
  // Of the first piece: what was played.
  #played = 0;

  push(codes) {
    this.#queue.push(codes);
  }

  mark(name) {
    this.#queue.push(name);
  }

  // The names of the marks that waited.
  clear() {
    const marks = this.#queue.filter((it) => typeof it === 'string');
    this.#queue = [];
    this.#played = 0;
    return marks;
  }

  // The next samples, and the marks that were reached with them. Silence if nothing waits.
  take(count) {
    const sound = new Float32Array(count);
    const marks = [];
    let filled = 0;
    while (this.#queue.length > 0) {
      const first = this.#queue[0];
      if (typeof first === 'string') {
        marks.push(first);
      } else {
        while (filled < count && this.#played < first.length) {
          sound[filled] = decode(first[this.#played]);
          filled += 1;
          this.#played += 1;
        }
        if (this.#played < first.length) break;
        this.#played = 0;
      }
      this.#queue.shift();
    }
    return { sound, marks };
  }
}
