// Luxon's Duration: lengths of time. The arithmetic is the host's.
(function (host, kit) {
  'use strict';

  const { shift, normalize } = host.dates;
  const names = (kit.unitNames = ['years', 'quarters', 'months', 'weeks', 'days', 'hours', 'minutes', 'seconds', 'milliseconds']);

  // The index of a unit by any of its names.
  const unitIndex = (kit.unitIndex = (name) => {
    const lower = String(name).toLowerCase();
    const index = names.indexOf(lower.endsWith('s') ? lower : `${lower}s`);
    if (index === -1) throw new RangeError(`Invalid unit ${name}`);
    return index;
  });

  const amountsOf = (object) => {
    const amounts = new Array(9).fill(undefined);
    for (const key of Object.keys(object)) {
      const value = object[key];
      if (value === undefined || value === null) continue;
      const amount = Number(value);
      if (typeof value === 'boolean' || Number.isNaN(amount)) throw new TypeError(`Invalid unit value ${value}`);
      amounts[unitIndex(key)] = amount;
    }
    return amounts;
  };

  const isoPattern =
    /^([+-]?)P(?:([+-]?\d{1,20}(?:[.,]\d{1,20})?)Y)?(?:([+-]?\d{1,20}(?:[.,]\d{1,20})?)M)?(?:([+-]?\d{1,20}(?:[.,]\d{1,20})?)W)?(?:([+-]?\d{1,20}(?:[.,]\d{1,20})?)D)?(?:T(?:([+-]?\d{1,20}(?:[.,]\d{1,20})?)H)?(?:([+-]?\d{1,20}(?:[.,]\d{1,20})?)M)?(?:([+-]?\d{1,20})(?:[.,](\d{1,20}))?S)?)?$/;

  const pad = (number, width) => (number < 0 ? `-${String(-number).padStart(width, '0')}` : String(number).padStart(width, '0'));
  const rounded = (number, places) => Math.round(number * 10 ** places) / 10 ** places;

  class Duration {
    #amounts;
    #longTerm;
    #locale;
    #reason;

    constructor(amounts, { longTerm = false, locale = 'en-US', reason = null } = {}) {
      this.#amounts = amounts;
      this.#longTerm = longTerm;
      this.#locale = locale;
      this.#reason = reason;
    }

    static fromMillis(count, options) {
      return Duration.fromObject({ milliseconds: count }, options);
    }

    static fromObject(object, options = {}) {
      if (typeof object !== 'object' || object === null) {
        throw new TypeError(`Duration.fromObject: argument expected to be an object, got ${object === null ? 'null' : typeof object}`);
      }
      return new Duration(amountsOf(object), { longTerm: options?.conversionAccuracy === 'longterm', locale: options?.locale });
    }

    static fromDurationLike(value) {
      if (typeof value === 'number') return Duration.fromMillis(value);
      if (Duration.isDuration(value)) return value;
      if (typeof value === 'object' && value !== null) return Duration.fromObject(value);
      throw new TypeError(`Unknown duration argument ${value} of type ${typeof value}`);
    }

    static fromISO(text, options) {
      const found = isoPattern.exec(String(text));
      if (found === null) return Duration.invalid('unparsable', `the input "${text}" can't be parsed as ISO 8601`);
      const [, sign, years, months, weeks, days, hours, minutes, seconds, fraction] = found;
      const factor = sign === '-' ? -1 : 1;
      const number = (part) => (part === undefined ? undefined : factor * Number(part.replace(',', '.')));
      const negative = seconds?.startsWith('-') ? -1 : 1;
      const milliseconds = fraction === undefined ? undefined : factor * negative * Math.floor(Number(`0.${fraction}`) * 1000);
      const parts = { years, months, weeks, days, hours, minutes, seconds };
      for (const key of Object.keys(parts)) parts[key] = number(parts[key]);
      return Duration.fromObject({ ...parts, milliseconds }, options);
    }

    static fromISOTime(text, options) {
      const found = /^T?(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d{1,30}))?)?)?$/.exec(String(text));
      if (found === null) return Duration.invalid('unparsable', `the input "${text}" can't be parsed as ISO 8601`);
      const [, hours, minutes, seconds, fraction] = found;
      const milliseconds = fraction === undefined ? undefined : Math.floor(Number(`0.${fraction}`) * 1000);
      return Duration.fromObject({ hours, minutes, seconds, milliseconds }, options);
    }

    static invalid(reason, explanation = null) {
      if (!reason) throw new TypeError('need to specify a reason the Duration is invalid');
      return new Duration(new Array(9).fill(undefined), { reason: { reason, explanation } });
    }

    static isDuration(value) {
      return typeof value === 'object' && value !== null && #amounts in value;
    }

    static normalizeUnit(unit) {
      return names[unitIndex(unit)];
    }

    get isValid() {
      return this.#reason === null;
    }

    get invalidReason() {
      return this.#reason?.reason ?? null;
    }

    get invalidExplanation() {
      return this.#reason?.explanation ?? null;
    }

    get locale() {
      return this.#locale;
    }

    get numberingSystem() {
      return null;
    }

    get isLuxonDuration() {
      return true;
    }

    // For the other classes.
    get amounts() {
      return this.#amounts;
    }

    #with(amounts) {
      return new Duration(amounts, { longTerm: this.#longTerm, locale: this.#locale });
    }

    get(unit) {
      return this.isValid ? (this.#amounts[unitIndex(unit)] ?? 0) : NaN;
    }

    set(values) {
      if (!this.isValid) return this;
      const amounts = [...this.#amounts];
      amountsOf(values).forEach((amount, index) => {
        if (amount !== undefined) amounts[index] = amount;
      });
      return this.#with(amounts);
    }

    reconfigure({ locale, conversionAccuracy } = {}) {
      const longTerm = conversionAccuracy === undefined ? this.#longTerm : conversionAccuracy === 'longterm';
      return new Duration(this.#amounts, { longTerm, locale: locale ?? this.#locale, reason: this.#reason });
    }

    plus(other) {
      if (!this.isValid) return this;
      const added = Duration.fromDurationLike(other).amounts;
      return this.#with(this.#amounts.map((amount, index) => (amount === undefined && added[index] === undefined ? undefined : (amount ?? 0) + (added[index] ?? 0))));
    }

    minus(other) {
      return this.isValid ? this.plus(Duration.fromDurationLike(other).negate()) : this;
    }

    mapUnits(change) {
      if (!this.isValid) return this;
      return this.#with(this.#amounts.map((amount, index) => (amount === undefined ? undefined : Number(change(amount, names[index])))));
    }

    negate() {
      return this.mapUnits((amount) => (amount === 0 ? 0 : -amount));
    }

    as(unit) {
      return this.isValid ? this.shiftTo(unit).get(unit) : NaN;
    }

    shiftTo(...units) {
      if (!this.isValid || units.length === 0) return this;
      return this.#with(shift(this.#amounts, units.map(unitIndex), this.#longTerm));
    }

    shiftToAll() {
      return this.shiftTo('years', 'months', 'weeks', 'days', 'hours', 'minutes', 'seconds', 'milliseconds');
    }

    normalize() {
      return this.isValid ? this.#with(normalize(this.#amounts, this.#longTerm)) : this;
    }

    rescale() {
      return this.isValid ? this.normalize().shiftToAll().removeZeros() : this;
    }

    removeZeros() {
      return this.isValid ? this.#with(this.#amounts.map((amount) => (amount === 0 ? undefined : amount))) : this;
    }

    toObject() {
      const object = {};
      this.#amounts.forEach((amount, index) => {
        if (amount !== undefined) object[names[index]] = amount;
      });
      return object;
    }

    toISO() {
      if (!this.isValid) return null;
      const [years = 0, quarters = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0, milliseconds = 0] = this.#amounts;
      let text = 'P';
      if (years !== 0) text += `${years}Y`;
      if (months !== 0 || quarters !== 0) text += `${months + quarters * 3}M`;
      if (weeks !== 0) text += `${weeks}W`;
      if (days !== 0) text += `${days}D`;
      if (hours !== 0 || minutes !== 0 || seconds !== 0 || milliseconds !== 0) text += 'T';
      if (hours !== 0) text += `${hours}H`;
      if (minutes !== 0) text += `${minutes}M`;
      if (seconds !== 0 || milliseconds !== 0) text += `${rounded(seconds + milliseconds / 1000, 3)}S`;
      return text === 'P' ? 'PT0S' : text;
    }

    toISOTime({ suppressMilliseconds = false, suppressSeconds = false, includePrefix = false, format = 'extended' } = {}) {
      const millis = this.toMillis();
      if (!this.isValid || millis < 0 || millis >= 86400000) return null;
      const [hours, minutes, seconds, rest] = [millis / 3600000, (millis / 60000) % 60, (millis / 1000) % 60, millis % 1000].map(Math.floor);
      const colon = format === 'basic' ? '' : ':';
      let text = `${includePrefix ? 'T' : ''}${pad(hours, 2)}${colon}${pad(minutes, 2)}`;
      if (!(suppressSeconds && seconds === 0 && rest === 0)) {
        text += `${colon}${pad(seconds, 2)}`;
        if (!(suppressMilliseconds && rest === 0)) text += `.${pad(rest, 3)}`;
      }
      return text;
    }

    toFormat(format, { floor = true } = {}) {
      if (!this.isValid) return 'Invalid Duration';
      const letters = { y: 0, M: 2, w: 3, d: 4, h: 5, m: 6, s: 7, S: 8 };
      const tokens = format.match(/'[^']*'|(.)\1*/gs) ?? [];
      const used = tokens.filter((token) => token[0] in letters).map((token) => names[letters[token[0]]]);
      const shifted = this.shiftTo(...used);
      return tokens
        .map((token) => {
          if (token.startsWith("'")) return token.slice(1, -1);
          if (!(token[0] in letters)) return token;
          const amount = shifted.get(names[letters[token[0]]]);
          return pad(floor ? Math.floor(amount) : rounded(amount, 3), token.length);
        })
        .join('');
    }

    toHuman({ unitDisplay = 'long', listStyle = 'narrow', showZeros = true, ...options } = {}) {
      if (!this.isValid) return 'Invalid Duration';
      const { formatUnit } = kit.need('intl');
      const parts = [];
      this.#amounts.forEach((amount, index) => {
        if (amount !== undefined && (showZeros || amount !== 0)) parts.push(formatUnit(amount, names[index].slice(0, -1), unitDisplay, this.#locale, options));
      });
      if (listStyle !== 'long' || parts.length < 2) return parts.join(', ');
      return parts.length === 2 ? parts.join(' and ') : `${parts.slice(0, -1).join(', ')}, and ${parts.at(-1)}`;
    }

    toMillis() {
      return this.isValid ? this.as('milliseconds') : NaN;
    }

    valueOf() {
      return this.toMillis();
    }

    toJSON() {
      return this.toISO();
    }

    toString() {
      return this.toISO();
    }

    equals(other) {
      if (!this.isValid || !Duration.isDuration(other) || !other.isValid) return false;
      return this.#amounts.every((amount, index) => (amount ?? 0) === (other.amounts[index] ?? 0));
    }
  }

  names.forEach((name, index) => {
    kit.defineProperty(Duration.prototype, name, {
      get() {
        return this.isValid ? (this.amounts[index] ?? 0) : NaN;
      },
      configurable: true,
    });
  });

  kit.Duration = Duration;
});
