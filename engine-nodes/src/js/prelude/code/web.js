// What browsers and Node.js have in common: addresses, encodings, copies.
(function (host, kit) {
  'use strict';

  const { parseUrl, encodeText } = host;
  const decodeText = (bytes, encoding) => host.decodeText(kit.bytesText(bytes), encoding);

  const encode = (text) => encodeURIComponent(text).replace(/[!'()~]|%20/g, (found) => (found === '%20' ? '+' : `%${found.charCodeAt(0).toString(16).toUpperCase()}`));
  const decode = (text) => {
    const plain = text.replaceAll('+', ' ');
    try {
      return decodeURIComponent(plain);
    } catch {
      return plain;
    }
  };

  class URLSearchParams {
    #pairs;
    #changed;

    constructor(init = '', changed = undefined) {
      this.#changed = changed;
      if (typeof init === 'string') {
        const text = init.startsWith('?') ? init.slice(1) : init;
        this.#pairs = text.split('&').filter((part) => part !== '').map((part) => {
          const at = part.indexOf('=');
          return at === -1 ? [decode(part), ''] : [decode(part.slice(0, at)), decode(part.slice(at + 1))];
        });
      } else {
        const entries = typeof init[Symbol.iterator] === 'function' ? [...init] : Object.entries(init);
        this.#pairs = entries.map(([name, value]) => [String(name), String(value)]);
      }
    }

    #update(pairs) {
      this.#pairs = pairs;
      this.#changed?.(this.toString());
    }

    get size() {
      return this.#pairs.length;
    }

    append(name, value) {
      this.#update([...this.#pairs, [String(name), String(value)]]);
    }

    delete(name) {
      this.#update(this.#pairs.filter(([key]) => key !== String(name)));
    }

    get(name) {
      return this.#pairs.find(([key]) => key === String(name))?.[1] ?? null;
    }

    getAll(name) {
      return this.#pairs.filter(([key]) => key === String(name)).map(([, value]) => value);
    }

    has(name) {
      return this.#pairs.some(([key]) => key === String(name));
    }

    set(name, value) {
      const at = this.#pairs.findIndex(([key]) => key === String(name));
      const rest = this.#pairs.filter(([key], index) => key !== String(name) || index === at);
      if (at === -1) rest.push([String(name), String(value)]);
      else rest.find(([key]) => key === String(name))[1] = String(value);
      this.#update(rest);
    }

    sort() {
      this.#update([...this.#pairs].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
    }

    forEach(then, self) {
      for (const [name, value] of this.#pairs) then.call(self, value, name, this);
    }

    keys() {
      return this.#pairs.map(([name]) => name)[Symbol.iterator]();
    }

    values() {
      return this.#pairs.map(([, value]) => value)[Symbol.iterator]();
    }

    entries() {
      return this.#pairs.map(([name, value]) => [name, value])[Symbol.iterator]();
    }

    [Symbol.iterator]() {
      return this.entries();
    }

    toString() {
      return this.#pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');
    }
  }

  class URL {
    #parts;
    #params;

    constructor(text, base) {
      this.#parts = parseUrl(String(text), base === undefined ? undefined : String(base));
      if (this.#parts === undefined) throw Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL', input: String(text) });
    }

    static canParse(text, base) {
      return parseUrl(String(text), base === undefined ? undefined : String(base)) !== undefined;
    }

    // Puts the address together from changed parts.
    #replace(changes) {
      const { protocol, username, password, hostname, port, pathname, search, hash } = { ...this.#parts, ...changes };
      const login = username ? `${username}${password ? `:${password}` : ''}@` : '';
      const path = pathname.startsWith('/') || hostname === '' ? pathname : `/${pathname}`;
      const parsed = parseUrl(`${protocol}//${login}${hostname}${port ? `:${port}` : ''}${path}${search}${hash}`);
      if (parsed !== undefined) this.#parts = parsed;
    }

    get searchParams() {
      return (this.#params ??= new URLSearchParams(this.#parts.search, (text) => this.#replace({ search: text ? `?${text}` : '' })));
    }

    get href() {
      return this.#parts.href;
    }

    set href(text) {
      this.#parts = new URL(text).#parts;
      this.#params = undefined;
    }

    get origin() {
      return this.#parts.origin;
    }

    get host() {
      return this.#parts.host;
    }

    set host(value) {
      const [hostname, port = ''] = String(value).split(':');
      this.#replace({ hostname, port });
    }

    get search() {
      return this.#parts.search;
    }

    set search(value) {
      const text = String(value);
      this.#replace({ search: text === '' || text.startsWith('?') ? text : `?${text}` });
      this.#params = undefined;
    }

    get hash() {
      return this.#parts.hash;
    }

    set hash(value) {
      const text = String(value);
      this.#replace({ hash: text === '' || text.startsWith('#') ? text : `#${text}` });
    }

    get protocol() {
      return this.#parts.protocol;
    }

    set protocol(value) {
      this.#replace({ protocol: String(value).replace(/:?$/, ':') });
    }

    get username() {
      return this.#parts.username;
    }

    set username(value) {
      this.#replace({ username: String(value) });
    }

    get password() {
      return this.#parts.password;
    }

    set password(value) {
      this.#replace({ password: String(value) });
    }

    get hostname() {
      return this.#parts.hostname;
    }

    set hostname(value) {
      this.#replace({ hostname: String(value) });
    }

    get port() {
      return this.#parts.port;
    }

    set port(value) {
      this.#replace({ port: String(value) });
    }

    get pathname() {
      return this.#parts.pathname;
    }

    set pathname(value) {
      this.#replace({ pathname: String(value) });
    }

    toString() {
      return this.href;
    }

    toJSON() {
      return this.href;
    }
  }

  class TextEncoder {
    get encoding() {
      return 'utf-8';
    }

    encode(text = '') {
      return encodeText(String(text), 'utf8');
    }
  }

  class TextDecoder {
    #encoding;

    constructor(label = 'utf-8') {
      this.#encoding = { 'utf-8': 'utf8', utf8: 'utf8', latin1: 'latin1', 'iso-8859-1': 'latin1', ascii: 'latin1', 'utf-16le': 'utf16le' }[String(label).toLowerCase()];
      if (this.#encoding === undefined) throw new RangeError(`The "${label}" encoding is not supported`);
    }

    get encoding() {
      return this.#encoding === 'utf8' ? 'utf-8' : this.#encoding;
    }

    decode(bytes = new Uint8Array()) {
      const view = ArrayBuffer.isView(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes);
      const text = decodeText(view, this.#encoding);
      return text.startsWith('\uFEFF') ? text.slice(1) : text;
    }
  }

  const latin1 = (text) => {
    if (/[^\u0000-\u00ff]/.test(text)) throw new Error('Invalid character');
    return text;
  };
  kit.btoa = (text) => decodeText(encodeText(latin1(String(text)), 'latin1'), 'base64');
  kit.atob = (text) => decodeText(encodeText(String(text), 'base64'), 'latin1');

  const copy = (value, seen) => {
    if (typeof value === 'function' || typeof value === 'symbol') throw new TypeError('A function cannot be cloned');
    if (typeof value !== 'object' || value === null) return value;
    if (seen.has(value)) return seen.get(value);
    if (value instanceof Date) return new Date(value.getTime());
    if (value instanceof RegExp) return new RegExp(value.source, value.flags);
    if (ArrayBuffer.isView(value)) return value.slice();
    const fresh = kit.isArray(value) ? [] : value instanceof Map ? new Map() : value instanceof Set ? new Set() : {};
    seen.set(value, fresh);
    if (value instanceof Map) for (const [from, to] of value) fresh.set(copy(from, seen), copy(to, seen));
    else if (value instanceof Set) for (const one of value) fresh.add(copy(one, seen));
    else for (const key of Object.keys(value)) fresh[key] = copy(value[key], seen);
    return fresh;
  };
  kit.structuredClone = (value) => copy(value, new Map());

  Object.assign(kit, { URL, URLSearchParams, TextEncoder, TextDecoder });
  for (const part of [URL, URLSearchParams, TextEncoder, TextDecoder, kit.btoa, kit.atob, kit.structuredClone]) kit.freezeAll(part);
});
