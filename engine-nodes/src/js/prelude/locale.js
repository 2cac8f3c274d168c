// Methods of JavaScript's own that write as a locale does. QuickJS has them, but knows no locales.
(function (host, kit) {
  'use strict';

  const method = (prototype, name, value) => Object.defineProperty(prototype, name, { value, writable: true, enumerable: false, configurable: true });

  method(Number.prototype, 'toLocaleString', function toLocaleString(locales, options) {
    return kit.need('intl').formatNumber(Number(this), locales, options);
  });
  method(BigInt.prototype, 'toLocaleString', function toLocaleString(locales, options) {
    return kit.need('intl').formatNumber(Number(this), locales, options);
  });
  // V8 names the zone; n8n's machines run in UTC.
  for (const name of ['toString', 'toTimeString']) {
    const native = Date.prototype[name];
    const named = { [name]() { return native.call(this).replace(/GMT\+0000$/, 'GMT+0000 (Coordinated Universal Time)'); } };
    method(Date.prototype, name, named[name]);
  }
  method(Date.prototype, 'toLocaleString', function toLocaleString(locales, options) {
    return kit.need('intl').localeDate(this, locales, options, 'any', 'all');
  });
  method(Date.prototype, 'toLocaleDateString', function toLocaleDateString(locales, options) {
    return kit.need('intl').localeDate(this, locales, options, 'date', 'date');
  });
  method(Date.prototype, 'toLocaleTimeString', function toLocaleTimeString(locales, options) {
    return kit.need('intl').localeDate(this, locales, options, 'time', 'time');
  });
  method(String.prototype, 'localeCompare', function localeCompare(other, locales, options) {
    return kit.need('intl').localeCompare(this, other, options);
  });
  Object.defineProperty(globalThis, 'Intl', { get: () => kit.need('intl').Intl, set: undefined, enumerable: false, configurable: false });
});
