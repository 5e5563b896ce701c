// The pure parts of a test call's scripts: µ-law, the change of rate, the playout buffer, and the wire (CON-5).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, encode } from './assets/mulaw.js';
import { ToDaemon, read } from './assets/media_stream.js';
import { Playout } from './assets/playout.js';
import { Resampler } from './assets/resample.js';

// ITU-T G.711: where each segment of the negative codes begins, and the steps in it.
const SEGMENTS = [[-32124, 1024], [-15996, 512], [-7932, 256], [-3900, 128], [-1884, 64], [-876, 32], [-372, 16], [-120, 8]];

test('con_5 every code stands for the sample that G.711 says', () => {
  for (let code = 0; code < 128; code += 1) {
    const [begin, step] = SEGMENTS[code >> 4];
    const sample = begin + (code & 15) * step;
    assert.equal(decode(code) * 32768 + 0, sample, `code ${code}`);
    assert.equal(decode(code | 0x80) * 32768 + 0, -sample + 0, `code ${code | 0x80}`);
    if (code !== 0x7f) assert.equal(encode(sample / 32768), code);
    assert.equal(encode(-sample / 32768), code | 0x80);
  }
  assert.deepEqual([encode(2), encode(-2)], [0x80, 0x00]);
});

const tone = (hertz, rate, seconds) => Float32Array.from({ length: rate * seconds }, (_, at) => Math.sin(2 * Math.PI * hertz * at / rate));

// As the browser gives it: in quanta of 128.
function resampled(sound, from, to) {
  const resampler = new Resampler(from, to);
  const out = [];
  for (let at = 0; at < sound.length; at += 128) out.push(...resampler.push(sound.subarray(at, at + 128)));
  return out;
}

// In decibels, against a full sine, and without the ends.
function loudness(sound) {
  const middle = sound.slice(sound.length / 4, sound.length * 3 / 4);
  return 10 * Math.log10(2 * middle.reduce((sum, it) => sum + it * it, 0) / middle.length);
}

// What is left of a tone beside itself.
function impurity(sound, hertz, rate) {
  const middle = sound.slice(sound.length / 4, sound.length * 3 / 4);
  let [sin, cos] = [0, 0];
  middle.forEach((it, at) => {
    sin += 2 * it * Math.sin(2 * Math.PI * hertz * at / rate) / middle.length;
    cos += 2 * it * Math.cos(2 * Math.PI * hertz * at / rate) / middle.length;
  });
  const rest = middle.map((it, at) => it - sin * Math.sin(2 * Math.PI * hertz * at / rate) - cos * Math.cos(2 * Math.PI * hertz * at / rate));
  return loudness(rest);
}

for (const rate of [16000, 44100, 48000, 96000]) {
  test(`con_5 a voice passes from ${rate} Hz to 8 kHz, and nothing is mirrored into it`, () => {
    for (const hertz of [300, 1000, 3000]) {
      const heard = resampled(tone(hertz, rate, 1), rate, 8000);
      assert.ok(Math.abs(heard.length - 8000) < 64, `${heard.length} samples`);
      assert.ok(Math.abs(loudness(heard)) < 0.2, `${hertz} Hz: ${loudness(heard)} dB`);
      assert.ok(impurity(heard, hertz, 8000) < -60, `${hertz} Hz`);
    }
    for (const hertz of [4200, 5000, 7000]) {
      const heard = resampled(tone(hertz, rate, 1), rate, 8000);
      assert.ok(loudness(heard) < -60, `${hertz} Hz is mirrored: ${loudness(heard)} dB`);
    }
  });

  test(`con_5 the agent is heard at ${rate} Hz as it was sent at 8 kHz`, () => {
    const heard = resampled(tone(1000, 8000, 1), 8000, rate);
    assert.ok(Math.abs(loudness(heard)) < 0.2);
    assert.ok(impurity(heard, 1000, rate) < -60);
  });
}

const sound = (length) => new Uint8Array(length).fill(0x80);

test('con_5 a mark comes back when all sound before it was played, and not sooner', () => {
  const playout = new Playout();
  playout.push(sound(320));
  playout.mark('one');
  playout.push(sound(160));
  playout.mark('two');
  assert.deepEqual(playout.take(319).marks, []);
  assert.deepEqual(playout.take(1).marks, ['one']);
  const last = playout.take(200);
  assert.deepEqual(last.marks, ['two']);
  assert.ok(last.sound[159] > 0.9 && last.sound[160] === 0, 'silence follows');
  playout.mark('late');
  assert.deepEqual(playout.take(1).marks, ['late']);
});

test('con_5 clear drops the sound and gives every waiting mark back in order', () => {
  const playout = new Playout();
  playout.push(sound(160));
  playout.mark('a');
  playout.push(sound(160));
  playout.mark('b');
  playout.take(40);
  assert.deepEqual(playout.clear(), ['a', 'b']);
  const after = playout.take(400);
  assert.deepEqual([after.marks, after.sound.some(Boolean)], [[], false]);
  playout.push(sound(8));
  assert.ok(playout.take(8).sound.every((it) => it > 0.9), 'what comes after it is played from its begin');
});

test('con_5 the wire is that of a media stream', () => {
  const sent = [];
  const stream = new ToDaemon({ account: 'AC1', call: 'CA1', stream: 'MZ1' }, (text) => sent.push(JSON.parse(text)));
  stream.begin();
  stream.frame(new Uint8Array([0xff, 0xff, 0xff]));
  stream.mark('r1:3');
  stream.frame(new Uint8Array([0, 0, 0]));
  stream.stop();
  assert.deepEqual(sent, [
    { event: 'connected', protocol: 'Call', version: '1.0.0' },
    {
      event: 'start', sequenceNumber: '1', streamSid: 'MZ1', start: {
        accountSid: 'AC1', streamSid: 'MZ1', callSid: 'CA1', tracks: ['inbound'],
        mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 }, customParameters: {},
      },
    },
    { event: 'media', sequenceNumber: '2', streamSid: 'MZ1', media: { track: 'inbound', chunk: '1', timestamp: '0', payload: '////' } },
    { event: 'mark', sequenceNumber: '3', streamSid: 'MZ1', mark: { name: 'r1:3' } },
    { event: 'media', sequenceNumber: '4', streamSid: 'MZ1', media: { track: 'inbound', chunk: '2', timestamp: '20', payload: 'AAAA' } },
    { event: 'stop', sequenceNumber: '5', streamSid: 'MZ1', stop: { accountSid: 'AC1', callSid: 'CA1' } },
  ]);
  assert.deepEqual(read('{"event":"media","streamSid":"MZ1","media":{"payload":"AP8="}}'), { sound: new Uint8Array([0, 255]) });
  assert.deepEqual(read('{"event":"mark","streamSid":"MZ1","mark":{"name":"x"}}'), { mark: 'x' });
  assert.deepEqual(read('{"event":"clear","streamSid":"MZ1"}'), { clear: true });
});
