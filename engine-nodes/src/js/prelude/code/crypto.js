// Digests and randomness.
(function (host, kit) {
  'use strict';

  const { toBuffer, Buffer } = kit.need('buffer');
  const bytes = (value, encoding) => (typeof value === 'string' ? Buffer.from(value, encoding) : value);
  const out = (digest, encoding) => (encoding === undefined ? digest : digest.toString(encoding));

  class Hash {
    #algorithm;
    #key;
    #parts = [];

    constructor(algorithm, key) {
      this.#algorithm = String(algorithm).toLowerCase().replace(/^(sha)-?(\d)/, '$1$2');
      this.#key = key;
      if (host.digest(this.#algorithm, '', key) === undefined) throw new Error('Digest method not supported');
    }

    update(data, encoding) {
      this.#parts.push(bytes(data, encoding));
      return this;
    }

    digest(encoding) {
      return out(toBuffer(host.digest(this.#algorithm, kit.bytesText(Buffer.concat(this.#parts)), this.#key)), encoding);
    }
  }

  const random = (count) => toBuffer(host.random(count));
  const uuid = () => {
    const digits = random(16);
    digits[6] = (digits[6] & 15) | 64;
    digits[8] = (digits[8] & 63) | 128;
    const hex = digits.toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  };

  kit.crypto = {
    createHash: (algorithm) => new Hash(algorithm),
    createHmac: (algorithm, key) => new Hash(algorithm, kit.bytesText(bytes(key))),
    randomBytes: (count) => random(Number(count)),
    randomUUID: uuid,
    randomInt: (from, to) => {
      const [low, high] = to === undefined ? [0, from] : [from, to];
      return low + Math.floor((random(6).reduce((sum, byte) => sum * 256 + byte, 0) / 2 ** 48) * (high - low));
    },
    getRandomValues: (array) => {
      new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(random(array.byteLength));
      return array;
    },
    timingSafeEqual: (a, b) => {
      if (a.length !== b.length) throw new RangeError('Input buffers must have the same byte length');
      return a.reduce((difference, byte, at) => difference | (byte ^ b[at]), 0) === 0;
    },
    getHashes: () => ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sha3-256', 'sha3-512'],
  };
  kit.freezeAll(kit.crypto);
});
