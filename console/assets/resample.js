// Changes the rate of a sound that comes in pieces, by a windowed sinc. What the lower rate can't carry is filtered out,
// so nothing is mirrored into what is heard.

// Zero crossings of the sinc on each side.
const CROSSINGS = 32;
// Of the lower rate's half. With this window the rest of the band is enough for the filter's slope.
const CUTOFF = 0.92;
// Of the Kaiser window: 80 dB.
const BETA = 8;

const divisor = (a, b) => (b === 0 ? a : divisor(b, a % b));

// The modified Bessel function of order zero.
function bessel(x) {
  let term = 1;
  let sum = 1;
  for (let n = 1; term > sum * 1e-9; n += 1) {
    term *= (x / (2 * n)) ** 2;
    sum += term;
  }
  return sum;
}

export class Resampler {
  #up;
  #down;
  #half;
  // The filter's coefficients, for each place of an output between two inputs.
  #phases;
  #kept;
  // The next output: behind this input of `#kept`, by so many parts of `#up`.
  #at;
  #phase = 0;

  // Rates in samples a second: whole numbers.
  constructor(from, to) {
    const common = divisor(from, to);
    this.#up = to / common;
    this.#down = from / common;
    const scale = Math.min(1, to / from);
    this.#half = Math.ceil(CROSSINGS / scale);
    this.#phases = Array.from({ length: this.#up }, (_, phase) => this.#coefficients(phase / this.#up, scale * CUTOFF));
    // As if silence had come before.
    this.#kept = new Float32Array(this.#half - 1);
    this.#at = this.#half - 1;
  }

  #coefficients(offset, cutoff) {
    const half = this.#half;
    const taps = Float32Array.from({ length: 2 * half }, (_, tap) => {
      const x = tap - half + 1 - offset;
      const angle = Math.PI * cutoff * x;
      const window = bessel(BETA * Math.sqrt(Math.max(0, 1 - (x / half) ** 2)));
      return window * (x === 0 ? 1 : Math.sin(angle) / angle);
    });
    const sum = taps.reduce((all, tap) => all + tap, 0);
    return taps.map((tap) => tap / sum);
  }

  // The sound at the other rate, as far as it is known.
  push(sound) {
    const all = new Float32Array(this.#kept.length + sound.length);
    all.set(this.#kept);
    all.set(sound, this.#kept.length);
    const out = [];
    while (this.#at + this.#half < all.length) {
      const taps = this.#phases[this.#phase];
      const first = this.#at - this.#half + 1;
      let sample = 0;
      for (let tap = 0; tap < taps.length; tap += 1) sample += taps[tap] * all[first + tap];
      out.push(sample);
      this.#phase += this.#down;
      this.#at += Math.floor(this.#phase / this.#up);
      this.#phase %= this.#up;
    }
    const first = Math.min(this.#at - this.#half + 1, all.length);
    this.#kept = all.slice(first);
    this.#at -= first;
    return Float32Array.from(out);
  }
}
