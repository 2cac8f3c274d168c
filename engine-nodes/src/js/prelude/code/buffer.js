// Node's Buffer: bytes, and texts in several encodings.
(function (host, kit) {
  'use strict';

  const { encodeText } = host;
  const decodeText = (bytes, encoding) => host.decodeText(kit.bytesText(bytes), encoding);
  const encodings = { utf8: 'utf8', 'utf-8': 'utf8', base64: 'base64', base64url: 'base64url', hex: 'hex', latin1: 'latin1', binary: 'latin1', ascii: 'latin1', ucs2: 'utf16le', 'ucs-2': 'utf16le', utf16le: 'utf16le', 'utf-16le': 'utf16le' };
  const encodingOf = (name = 'utf8') => {
    const found = encodings[String(name).toLowerCase()];
    if (found === undefined) throw new TypeError(`Unknown encoding: ${name}`);
    return found;
  };

  class Buffer extends Uint8Array {
    // `new Buffer(text)` is old, and still written.
    constructor(value, encoding, length) {
      if (typeof value === 'string') super(encodeText(value, encodingOf(encoding)));
      else super(value, encoding, length);
    }

    static from(value, encoding, length) {
      if (typeof value === 'string') return toBuffer(encodeText(value, encodingOf(encoding)));
      if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return new Buffer(value, encoding, length);
      if (value?.type === 'Buffer' && kit.isArray(value.data)) return new Buffer(value.data);
      if (value !== null && typeof value === 'object') return new Buffer(ArrayBuffer.isView(value) ? new Uint8Array(value) : Array.from(value));
      throw new TypeError('The first argument must be of type string or an instance of Buffer, ArrayBuffer, or Array');
    }

    static of(...bytes) {
      return new Buffer(bytes);
    }

    static alloc(size, fill = 0, encoding = 'utf8') {
      const buffer = new Buffer(size);
      return fill === 0 ? buffer : buffer.fill(fill, encoding);
    }

    static allocUnsafe(size) {
      return new Buffer(size);
    }

    static isBuffer(value) {
      return value instanceof Buffer;
    }

    static isEncoding(name) {
      return String(name).toLowerCase() in encodings;
    }

    static byteLength(value, encoding) {
      return typeof value === 'string' ? encodeText(value, encodingOf(encoding)).length : value.byteLength;
    }

    static concat(list, total = list.reduce((sum, part) => sum + part.length, 0)) {
      const joined = new Buffer(total);
      let at = 0;
      for (const part of list) {
        const rest = part.subarray(0, Math.max(0, total - at));
        joined.set(rest, at);
        at += rest.length;
      }
      return joined;
    }

    static compare(a, b) {
      for (let at = 0; at < Math.min(a.length, b.length); at += 1) if (a[at] !== b[at]) return a[at] < b[at] ? -1 : 1;
      return Math.sign(a.length - b.length);
    }

    toString(encoding, start = 0, end = this.length) {
      return decodeText(this.subarray(start, end), encodingOf(encoding));
    }

    toJSON() {
      return { type: 'Buffer', data: Array.from(this) };
    }

    equals(other) {
      return Buffer.compare(this, other) === 0;
    }

    compare(other) {
      return Buffer.compare(this, other);
    }

    slice(start, end) {
      return this.subarray(start, end);
    }

    fill(value, ...given) {
      if (typeof value !== 'string') return super.fill(value, ...given);
      const pattern = encodeText(value, encodingOf(given.find((one) => typeof one === 'string')));
      for (let at = 0; at < this.length && pattern.length > 0; at += 1) this[at] = pattern[at % pattern.length];
      return this;
    }

    write(text, offset = 0, ...given) {
      const bytes = encodeText(text, encodingOf(given.find((one) => typeof one === 'string'))).subarray(0, this.length - offset);
      this.set(bytes, offset);
      return bytes.length;
    }

    copy(target, targetStart = 0, start = 0, end = this.length) {
      const part = this.subarray(start, Math.min(end, start + target.length - targetStart));
      target.set(part, targetStart);
      return part.length;
    }

    indexOf(value, from = 0, encoding = 'utf8') {
      if (typeof value === 'number') return super.indexOf(value, from);
      const wanted = typeof value === 'string' ? encodeText(value, encodingOf(encoding)) : value;
      for (let at = from; at + wanted.length <= this.length; at += 1) if (wanted.every((byte, index) => this[at + index] === byte)) return at;
      return -1;
    }

    includes(value, from, encoding) {
      return this.indexOf(value, from, encoding) !== -1;
    }
  }

  const { defineProperty } = kit;
  const numbers = { UInt8: ['Uint8', 1], Int8: ['Int8', 1], UInt16: ['Uint16', 2], Int16: ['Int16', 2], UInt32: ['Uint32', 4], Int32: ['Int32', 4], Float: ['Float32', 4], Double: ['Float64', 8] };
  for (const name of Object.keys(numbers)) {
    const [kind, size] = numbers[name];
    for (const order of size === 1 ? [''] : ['LE', 'BE']) {
      const view = (buffer) => new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
      const method = (key, value) => defineProperty(Buffer.prototype, key, { value, writable: true, configurable: true });
      method(`read${name}${order}`, function (offset = 0) {
        return view(this)[`get${kind}`](offset, order === 'LE');
      });
      method(`write${name}${order}`, function (value, offset = 0) {
        view(this)[`set${kind}`](offset, value, order === 'LE');
        return offset + size;
      });
    }
  }

  const toBuffer = (bytes) => new Buffer(bytes.buffer, bytes.byteOffset, bytes.length);
  kit.toBuffer = toBuffer;
  kit.Buffer = Buffer;
  kit.freezeAll(Buffer);
});
