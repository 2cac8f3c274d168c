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
