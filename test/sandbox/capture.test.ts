import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { capture } from '../../src/sandbox/capture.js';

/** Each in memory of its own, as those of a socket are. */
function* singleBytes(count: number): Generator<Uint8Array> {
  for (let i = 0; i < count; i++) yield new Uint8Array(1).fill(i);
}

describe('what a stream brings', () => {
  it('takes about as much memory as it has bytes, also when they come one by one', async () => {
    const count = 500_000;
    const before = process.memoryUsage.rss();
    const { bytes } = await capture(Readable.from(singleBytes(count)), 2 ** 26);
    const taken = process.memoryUsage.rss() - before;
    assert.equal(bytes.length, count);
    assert.ok(
      bytes.every((byte, i) => byte === i % 256),
      'they came in another order',
    );
    assert.ok(taken < 100 * 2 ** 20, `${taken} bytes of memory`);
  });

  it('is whole however it was cut, up to the limit and not a byte beyond', async () => {
    const all = Buffer.from(Array.from({ length: 20_000 }, (_, i) => i % 251));
    for (const size of [1, 7, 4095, 4096, 4097, 20_000]) {
      const chunks = Array.from({ length: Math.ceil(all.length / size) }, (_, i) =>
        all.subarray(i * size, (i + 1) * size),
      );
      const whole = await capture(Readable.from(chunks), all.length);
      assert.deepEqual(whole, { bytes: all, truncated: false, cut: false });
      const stream = Readable.from(chunks);
      const cut = await capture(stream, all.length - 1);
      assert.deepEqual(cut, { bytes: all.subarray(0, -1), truncated: true, cut: false });
      assert.equal(stream.isPaused(), true);
    }
  });

  it('is what came before the stream was destroyed, and its error is passed on', async () => {
    const stream = new PassThrough();
    stream.write('before');
    const taken = capture(stream, 100);
    setImmediate(() => stream.destroy());
    assert.deepEqual(await taken, { bytes: Buffer.from('before'), truncated: false, cut: true });
    const broken = new PassThrough();
    setImmediate(() => broken.destroy(new Error('broken')));
    await assert.rejects(capture(broken, 100), /broken/);
    assert.equal((await capture(null, 100)).bytes.length, 0);
  });
});
