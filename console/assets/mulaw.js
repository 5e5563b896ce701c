// G.711 µ-law. Sound is numbers from -1 to 1; a code is a byte.
const BIAS = 0x84;
const CLIP = 32635;
const FULL = 32768;

const linear = (code) => {
  const bits = ~code & 0xff;
  const magnitude = (((bits & 0x0f) << 3) + BIAS << (bits >> 4 & 0x07)) - BIAS;
  return (bits & 0x80 ? -magnitude : magnitude) / FULL;
};
const DECODED = Float32Array.from({ length: 256 }, (_, code) => linear(code));

export const SILENCE = 0xff;

export function encode(sample) {
  const value = Math.max(-CLIP, Math.min(CLIP, Math.round(sample * FULL)));
  const magnitude = Math.abs(value) + BIAS;
  // The bias makes bit 7 the lowest that can lead.
  const exponent = 24 - Math.clz32(magnitude);
  return ~((value < 0 ? 0x80 : 0) | exponent << 4 | magnitude >> exponent + 3 & 0x0f) & 0xff;
}

export function decode(code) {
  return DECODED[code];
}
