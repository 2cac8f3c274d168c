// Intl, as far as the host writes numbers and dates, and the words that are put together here.
(function (host, kit) {
  'use strict';

  const { intl, dates } = host;

  const localeOf = (locales) => {
    const first = Array.isArray(locales) ? locales[0] : locales;
    if (first === undefined) return 'en-US';
    if (typeof first !== 'string' || !/^([a-z]{2,3}|[a-z]{5,8})(-[a-z0-9]{2,8}|-[a-z0-9](-[a-z0-9]{2,8})+)*$/i.test(first)) throw new RangeError('Incorrect locale information provided');
    return first;
  };
  const zoneOf = (zone) => {
    if (zone === undefined) return 'UTC';
    const found = dates.zone(String(zone));
    if (found === undefined) throw new RangeError(`Invalid time zone specified: ${zone}`);
    return found;
  };

  kit.formatNumber = (value, locale, options) => {
    const given = options ?? {};
    if (given.style === 'currency' && given.currency === undefined) throw new TypeError('Currency code is required with currency style.');
    for (const [least, most] of [['minimumFractionDigits', 'maximumFractionDigits'], ['minimumSignificantDigits', 'maximumSignificantDigits']]) {
      for (const name of [least, most]) {
        if (given[name] !== undefined && !(given[name] >= 0 && given[name] <= 100)) throw new RangeError(`${name} value is out of range.`);
      }
      if (given[least] > given[most]) throw new RangeError(`${most} value is out of range.`);
    }
    return intl.number(Number(value), localeOf(locale), given);
  };
  kit.formatUnit = (amount, unit, unitDisplay, locale, options) => kit.formatNumber(amount, locale, { ...options, style: 'unit', unit, unitDisplay });

  // Without any part, those that are the method's default.
  const parts = { date: ['weekday', 'year', 'month', 'day'], time: ['hour', 'minute', 'second', 'fractionalSecondDigits', 'dayPeriod'] };
  const withDefaults = (options, required, defaults) => {
    const given = { ...options };
    const looked = required === 'any' ? [...parts.date, ...parts.time] : parts[required];
    if (looked.some((part) => given[part] !== undefined) || given.dateStyle !== undefined || given.timeStyle !== undefined) return given;
    if (defaults !== 'time') for (const part of ['year', 'month', 'day']) given[part] = 'numeric';
    if (defaults !== 'date') for (const part of ['hour', 'minute', 'second']) given[part] = 'numeric';
    return given;
  };
  const writeDate = (millis, locales, options) => {
    if (Number.isNaN(millis)) throw new RangeError('Invalid time value');
    return intl.date(millis, localeOf(locales), zoneOf(options.timeZone), options);
  };
  kit.formatDate = (millis, locale, options) => writeDate(millis, locale, withDefaults(options, 'any', 'date'));
  kit.localeDate = (date, locales, options, required, defaults) => {
    const millis = date.getTime();
    return Number.isNaN(millis) ? 'Invalid Date' : writeDate(millis, locales, withDefaults(options, required, defaults));
  };

  kit.localeCompare = (a, b, options = {}) => {
    const sensitivity = { base: 1, accent: 2, case: 3, variant: 3 }[options.sensitivity ?? 'variant'];
    return intl.compare(String(a).normalize('NFD'), String(b).normalize('NFD'), Boolean(options.numeric), sensitivity);
  };

  // "in 3 days", "yesterday".
  const near = {
    year: ['last year', 'this year', 'next year'], quarter: ['last quarter', 'this quarter', 'next quarter'], month: ['last month', 'this month', 'next month'],
    week: ['last week', 'this week', 'next week'], day: ['yesterday', 'today', 'tomorrow'], hour: [undefined, 'this hour'], minute: [undefined, 'this minute'],
    second: [undefined, 'now'],
  };
  const shortUnits = { year: 'yr.', quarter: 'qtr.', month: 'mo.', week: 'wk.', day: 'day', hour: 'hr.', minute: 'min.', second: 'sec.' };
  kit.formatRelative = (count, unitName, { numeric = 'always', style = 'long', locale } = {}) => {
    const unit = unitName.replace(/s$/, '');
    if (numeric === 'auto' && Number.isInteger(count) && Math.abs(count) <= 1) {
      const word = near[unit]?.[count + 1];
      if (word !== undefined) return word;
    }
    const amount = Math.abs(count);
    const long = style === 'long';
    const plural = amount !== 1 && (long || unit === 'day' || unit === 'quarter') ? (long ? 's' : unit === 'day' ? 's' : '') : '';
    const words = `${kit.formatNumber(amount, locale)} ${long ? unit : shortUnits[unit]}${plural}`;
    return count < 0 || Object.is(count, -0) ? `${words} ago` : `in ${words}`;
  };

  const common = (Kind) => {
    Kind.supportedLocalesOf = (locales) => (Array.isArray(locales) ? locales : [locales]).map(localeOf);
    return Kind;
  };

  class NumberFormat {
    #locale;
    #options;

    constructor(locales, options = {}) {
      this.#locale = localeOf(locales);
      this.#options = { ...options };
      kit.formatNumber(0, this.#locale, this.#options);
      this.format = (value) => kit.formatNumber(value, this.#locale, this.#options);
    }

    formatToParts(value) {
      return [{ type: 'literal', value: this.format(value) }];
    }

    resolvedOptions() {
      return { locale: this.#locale, numberingSystem: 'latn', style: 'decimal', ...this.#options };
    }
  }

  class DateTimeFormat {
    #locale;
    #options;
    #zone;

    constructor(locales, options = {}) {
      this.#locale = localeOf(locales);
      this.#zone = zoneOf(options.timeZone);
      this.#options = { ...withDefaults(options, 'any', 'date'), timeZone: this.#zone };
      this.format = (date) => writeDate(date === undefined ? Date.now() : Number(date), this.#locale, this.#options);
    }

    formatToParts(date) {
      const millis = date === undefined ? Date.now() : Number(date);
      const types = ['weekday', 'year', 'month', 'day', 'hour', 'minute', 'second', 'timeZoneName'];
      const text = this.format(millis);
      const found = [];
      let rest = text;
      const values = types
        .filter((type) => this.#options[type] !== undefined)
        .map((type) => ({ type, value: writeDate(millis, this.#locale, { timeZone: this.#zone, [type]: this.#options[type], hourCycle: 'h23' }) }));
      while (rest.length > 0) {
        const number = /^(\d+|[^\d\W]+)/u.exec(rest);
        const piece = number?.[0] ?? rest[0];
        const at = values.findIndex(({ value }) => value === piece || Number(value) === Number(piece));
        const type = at !== -1 ? values.splice(at, 1)[0].type : /^[AP]M$/i.test(piece) ? 'dayPeriod' : 'literal';
        if (type === 'literal' && found.at(-1)?.type === 'literal') found.at(-1).value += piece;
        else found.push({ type, value: piece });
        rest = rest.slice(piece.length);
      }
      return found;
    }

    formatRange(start, end) {
      return `${this.format(start)} – ${this.format(end)}`;
    }

    resolvedOptions() {
      return { locale: this.#locale, calendar: 'gregory', numberingSystem: 'latn', ...this.#options };
    }
  }

  class Collator {
    constructor(locales, options = {}) {
      localeOf(locales);
      this.compare = (a, b) => kit.localeCompare(a, b, options);
    }
  }

  class PluralRules {
    #ordinal;

    constructor(locales, { type = 'cardinal' } = {}) {
      localeOf(locales);
      this.#ordinal = type === 'ordinal';
    }

    select(count) {
      if (!this.#ordinal) return count === 1 ? 'one' : 'other';
      const [ones, tens] = [count % 10, count % 100];
      if (ones === 1 && tens !== 11) return 'one';
      if (ones === 2 && tens !== 12) return 'two';
      return ones === 3 && tens !== 13 ? 'few' : 'other';
    }
  }

  class ListFormat {
    #word;
    #style;

    constructor(locales, { type = 'conjunction', style = 'long' } = {}) {
      localeOf(locales);
      this.#style = style;
      this.#word = type === 'unit' ? '' : type === 'disjunction' ? 'or' : style === 'long' ? 'and' : style === 'short' ? '&' : '';
    }

    format(list) {
      const items = [...list];
      if (items.length < 2) return items.join('');
      if (this.#word === '') return items.join(this.#style === 'narrow' ? ' ' : ', ');
      return items.length === 2 ? items.join(` ${this.#word} `) : `${items.slice(0, -1).join(', ')}, ${this.#word} ${items.at(-1)}`;
    }
  }

  class RelativeTimeFormat {
    #options;

    constructor(locales, options = {}) {
      this.#options = { ...options, locale: localeOf(locales) };
    }

    format(count, unit) {
      return kit.formatRelative(Number(count), String(unit), this.#options);
    }
  }

  // Formats can be made without `new`.
  const callable = (Kind) => {
    const make = function (...given) {
      return new Kind(...given);
    };
    make.prototype = Kind.prototype;
    make.supportedLocalesOf = common(Kind).supportedLocalesOf;
    return make;
  };
  kit.Intl = {
    NumberFormat: callable(NumberFormat),
    DateTimeFormat: callable(DateTimeFormat),
    Collator: callable(Collator),
    PluralRules: common(PluralRules),
    ListFormat: common(ListFormat),
    RelativeTimeFormat: common(RelativeTimeFormat),
    getCanonicalLocales: (locales) => (locales === undefined ? [] : [locales].flat().map(localeOf)),
    supportedValuesOf: () => [],
  };
  kit.freezeAll(kit.Intl);
});
