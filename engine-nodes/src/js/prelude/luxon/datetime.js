// Luxon's DateTime: a moment in a zone. Here is how one is made and what it says; how it is changed and written stands in the next file.
(function (host, kit) {
  'use strict';

  const { dates } = host;
  const { Duration } = kit;
  const defaultZone = () => dates.zone(host.timeZone()) ?? 'UTC';
  const clock = () => Date.now();
  const LAST = 8.64e15;

  // The name of a zone that is given as a name, as minutes from UTC, or as a zone of Luxon's.
  const zoneName = (zone) => {
    if (zone === undefined || zone === null || zone === 'default') return defaultZone();
    if (typeof zone === 'number') return dates.fixedZone(zone);
    if (typeof zone === 'string') return zone.toLowerCase() === 'local' || zone.toLowerCase() === 'system' ? defaultZone() : dates.zone(zone);
    return typeof zone === 'object' && typeof zone.name === 'string' ? dates.zone(zone.name) : undefined;
  };
  const noZone = (zone) => DateTime.invalid('unsupported zone', `the zone "${zone}" is not supported`);

  const singular = {
    year: 'year', years: 'year', quarter: 'quarter', quarters: 'quarter', month: 'month', months: 'month', day: 'day', days: 'day', hour: 'hour',
    hours: 'hour', minute: 'minute', minutes: 'minute', second: 'second', seconds: 'second', millisecond: 'millisecond', milliseconds: 'millisecond',
    weekday: 'weekday', weekdays: 'weekday', weeknumber: 'weekNumber', weeksnumber: 'weekNumber', weeknumbers: 'weekNumber', weekyear: 'weekYear',
    weekyears: 'weekYear', ordinal: 'ordinal',
  };
  const unitName = (unit) => {
    const name = singular[String(unit).toLowerCase()];
    if (name === undefined) throw new RangeError(`Invalid unit ${unit}`);
    return name;
  };
  // Numbers by the names of their units.
  const normalized = (values) => {
    const parts = {};
    for (const key of Object.keys(values)) {
      const value = values[key];
      if (value === undefined || value === null) continue;
      const number = Number(value);
      if (typeof value === 'boolean' || value === '' || Number.isNaN(number)) throw new TypeError(`Invalid unit value ${value}`);
      parts[unitName(key)] = number;
    }
    return parts;
  };

  const dateUnits = ['year', 'month', 'day', 'hour', 'minute', 'second', 'millisecond'];
  const least = { year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0, millisecond: 0, weekYear: 0, weekNumber: 1, weekday: 1, ordinal: 1 };
  const refused = (parts, unit) =>
    DateTime.invalid('unit out of range', `you specified ${parts[unit]} (of type ${typeof parts[unit]}) as a ${unit}, which is invalid`);
  // The first unit whose value lies beyond its range.
  const beyond = (parts) => {
    const most = { month: 12, minute: 59, second: 59, millisecond: 999, weekday: 7 };
    if (parts.year !== undefined && parts.month >= 1 && parts.month <= 12) most.day = dates.daysInMonth(parts.year, parts.month);
    if (parts.weekYear !== undefined) most.weekNumber = dates.weeksInYear(parts.weekYear);
    most.ordinal = 365 + ((parts.year % 4 === 0 && parts.year % 100 !== 0) || parts.year % 400 === 0 ? 1 : 0);
    most.hour = parts.minute || parts.second || parts.millisecond ? 23 : 24;
    return Object.keys(parts).find((unit) => !Number.isInteger(parts[unit]) || parts[unit] > most[unit] || (unit !== 'year' && unit !== 'weekYear' && parts[unit] < least[unit]));
  };

  class DateTime {
    #millis;
    #zone;
    #locale;
    #reason;
    #shown;

    constructor(millis, zone, locale = 'en-US', reason = null) {
      this.#millis = millis;
      this.#zone = zone;
      this.#locale = locale;
      this.#reason = reason;
    }

    // Creation.

    static now() {
      return new DateTime(clock(), defaultZone());
    }

    static local(...given) {
      const options = typeof given.at(-1) === 'object' && given.at(-1) !== null ? given.pop() : {};
      if (given.length === 0 || given[0] === undefined) return DateTime.fromMillis(clock(), options);
      const [year, month, day, hour, minute, second, millisecond] = given;
      return DateTime.fromObject({ year, month, day, hour, minute, second, millisecond }, options);
    }

    static utc(...given) {
      const options = typeof given.at(-1) === 'object' && given.at(-1) !== null ? given.pop() : {};
      return DateTime.local(...given, { ...options, zone: 'utc' });
    }

    static fromJSDate(date, options = {}) {
      const millis = date instanceof Date ? date.valueOf() : NaN;
      if (Number.isNaN(millis)) return DateTime.invalid('invalid input');
      return DateTime.fromMillis(millis, options);
    }

    static fromMillis(millis, options) {
      if (typeof millis !== 'number') {
        throw new TypeError(`fromMillis requires a numerical input, but received a ${typeof millis} with value ${millis}`);
      }
      const zone = zoneName(options?.zone);
      if (zone === undefined) return noZone(options.zone);
      if (!(Math.abs(millis) <= LAST)) return DateTime.invalid('Timestamp out of range');
      return new DateTime(Math.trunc(millis), zone, options?.locale ?? undefined);
    }

    static fromSeconds(seconds, options) {
      if (typeof seconds !== 'number') throw new TypeError('fromSeconds requires a numerical input');
      return DateTime.fromMillis(seconds * 1000, options);
    }

    static fromObject(object, options) {
      const zone = zoneName(options?.zone);
      if (zone === undefined) return noZone(options.zone);
      const parts = normalized(object ?? {});
      const has = (...units) => units.some((unit) => parts[unit] !== undefined);
      const byWeek = has('weekYear', 'weekNumber') || (has('weekday') && !has('year', 'month', 'day', 'ordinal'));
      if ((has('month', 'day') && has('ordinal')) || (has('year', 'month', 'day', 'ordinal') && has('weekYear', 'weekNumber'))) {
        throw new RangeError("Can't mix different ways to name a date");
      }
      const now = clock();
      const known = dates.offset(now, zone);
      const today = new DateTime(now, zone);
      const units = byWeek ? ['weekYear', 'weekNumber', 'weekday', ...dateUnits.slice(3)] : has('ordinal') ? ['year', 'ordinal', ...dateUnits.slice(3)] : dateUnits;
      let found = false;
      const full = {};
      for (const unit of units) {
        found = found || parts[unit] !== undefined;
        full[unit] = parts[unit] ?? (found ? least[unit] : today.get(unit));
      }
      const wrong = beyond(full);
      if (wrong !== undefined) return refused(full, wrong);
      const made = DateTime.#at(full, zone, known, options?.locale);
      if (parts.weekday !== undefined && !byWeek && made.weekday !== parts.weekday) {
        return DateTime.invalid('mismatched weekday', `you can't specify both a weekday of ${parts.weekday} and a date of ${made.toISO()}`);
      }
      return made;
    }

    // The moment at which a zone shows a date and time, given in whichever way.
    static #at(parts, zone, known, locale) {
      let { year, month, day } = parts;
      if (parts.weekNumber !== undefined) [year, month, day] = dates.weekDate(parts.weekYear, parts.weekNumber, parts.weekday);
      else if (parts.ordinal !== undefined) [year, month, day] = dates.ordinalDate(year, parts.ordinal);
      const { hour, minute, second, millisecond } = parts;
      const millis = dates.fromLocal([year, month, day, hour, minute, second, millisecond].map(Math.trunc), zone, known);
      return new DateTime(millis, zone, locale ?? undefined);
    }

    static #read(way, text, options, name) {
      const zone = zoneName(options?.zone);
      if (zone === undefined) return noZone(options.zone);
      const setZone = Boolean(options?.setZone);
      const found = Array.isArray(way)
        ? dates.scan([String(text), ...way], zone, setZone, clock())
        : dates.read([way, String(text)], zone, setZone, clock());
      if (found === undefined) return DateTime.invalid('unparsable', `the input "${text}" can't be parsed as ${name}`);
      if (typeof found === 'string') return DateTime.invalid('unit out of range', `the ${found} in "${text}" is invalid`);
      return new DateTime(found[0], found[1], options?.locale ?? undefined);
    }

    static fromISO(text, options) {
      return DateTime.#read('iso', text, options, 'ISO 8601');
    }

    static fromRFC2822(text, options) {
      return DateTime.#read('rfc2822', text, options, 'RFC 2822');
    }

    static fromHTTP(text, options) {
      return DateTime.#read('http', text, options, 'HTTP');
    }

    static fromSQL(text, options) {
      return DateTime.#read('sql', text, options, 'SQL');
    }

    static fromFormat(text, format, options) {
      if (text === undefined || format === undefined) throw new TypeError('fromFormat requires an input string and a format');
      return DateTime.#read([String(format), options?.locale ?? 'en-US'], text, options, format);
    }

    static fromString(text, format, options) {
      return DateTime.fromFormat(text, format, options);
    }

    // What n8n takes for a date in a text.
    static readAny(text) {
      return DateTime.#read('any', text, { setZone: true }, 'a date');
    }

    static invalid(reason, explanation = null) {
      if (!reason) throw new TypeError('need to specify a reason the DateTime is invalid');
      return new DateTime(NaN, 'UTC', undefined, { reason, explanation });
    }

    static isDateTime(value) {
      return typeof value === 'object' && value !== null && #millis in value;
    }

    static min(...times) {
      return times.reduce((first, time) => (first === undefined || time < first ? time : first), undefined);
    }

    static max(...times) {
      return times.reduce((last, time) => (last === undefined || time > last ? time : last), undefined);
    }

    // What it says.

    #field(index) {
      if (this.#reason !== null) return NaN;
      this.#shown ??= dates.fields(this.#millis, this.#zone);
      return this.#shown[index];
    }

    get(unit) {
      return this[unit];
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

    get isLuxonDateTime() {
      return true;
    }

    get ts() {
      return this.#millis;
    }

    get locale() {
      return this.isValid ? this.#locale : null;
    }

    get loc() {
      return { locale: this.#locale };
    }

    get numberingSystem() {
      return null;
    }

    get outputCalendar() {
      return null;
    }

    get zoneName() {
      return this.isValid ? this.#zone : null;
    }

    get zone() {
      const name = this.#zone;
      const fixed = this.isOffsetFixed;
      return { name, type: fixed ? 'fixed' : 'iana', isUniversal: fixed, isValid: true, ianaName: name, equals: (other) => other?.name === name };
    }

    get year() {
      return this.#field(0);
    }

    get quarter() {
      return this.isValid ? Math.ceil(this.month / 3) : NaN;
    }

    get month() {
      return this.#field(1);
    }

    get day() {
      return this.#field(2);
    }

    get hour() {
      return this.#field(3);
    }

    get minute() {
      return this.#field(4);
    }

    get second() {
      return this.#field(5);
    }

    get millisecond() {
      return this.#field(6);
    }

    get offset() {
      return this.#field(7);
    }

    get weekday() {
      return this.#field(8);
    }

    get ordinal() {
      return this.#field(9);
    }

    get weekNumber() {
      return this.#field(10);
    }

    get weekYear() {
      return this.#field(11);
    }

    get localWeekday() {
      return this.isValid ? (this.weekday % 7) + 1 : NaN;
    }

    get isWeekend() {
      return this.isValid && this.weekday > 5;
    }

    get isInDST() {
      return this.isValid && dates.isInDst(this.#millis, this.#zone);
    }

    get isOffsetFixed() {
      return this.isValid ? this.#zone.startsWith('UTC') : null;
    }

    get offsetNameShort() {
      return this.isValid ? dates.offsetName(this.#millis, this.#zone, false) : null;
    }

    get offsetNameLong() {
      return this.isValid ? dates.offsetName(this.#millis, this.#zone, true) : null;
    }

    get isInLeapYear() {
      return this.daysInYear === 366;
    }

    get daysInMonth() {
      return this.isValid ? dates.daysInMonth(this.year, this.month) : NaN;
    }

    get daysInYear() {
      return this.isValid ? 337 + dates.daysInMonth(this.year, 2) : NaN;
    }

    get weeksInWeekYear() {
      return this.isValid ? dates.weeksInYear(this.weekYear) : NaN;
    }

    // The same moment with another locale, or shown in another zone.

    reconfigure({ locale } = {}) {
      return new DateTime(this.#millis, this.#zone, locale ?? this.#locale, this.#reason);
    }

    setLocale(locale) {
      return this.reconfigure({ locale });
    }

    setZone(zone, { keepLocalTime = false, keepCalendarTime = false } = {}) {
      if (!this.isValid) return this;
      const name = zoneName(zone);
      if (name === undefined) return noZone(zone);
      const millis = keepLocalTime || keepCalendarTime ? dates.keepLocal(this.#millis, this.#zone, name) : this.#millis;
      return new DateTime(millis, name, this.#locale);
    }

    toUTC(offset = 0, options = {}) {
      return this.setZone(offset, options);
    }

    toLocal() {
      return this.setZone('default');
    }

    // Another moment with the same zone and locale.
    moved(millis) {
      if (!(Math.abs(millis) <= LAST)) return DateTime.invalid('Timestamp out of range');
      return new DateTime(millis, this.#zone, this.#locale);
    }

    set(values) {
      if (!this.isValid) return this;
      const parts = normalized(values);
      const byWeek = ['weekYear', 'weekNumber', 'weekday'].some((unit) => parts[unit] !== undefined);
      const full = { ...this.toObject(), ...parts };
      if (parts.quarter !== undefined) full.month = (parts.quarter - 1) * 3 + 1;
      if (byWeek) {
        for (const unit of ['weekYear', 'weekNumber', 'weekday']) full[unit] ??= this[unit];
      } else if (parts.ordinal === undefined && parts.day === undefined) {
        full.day = Math.min(dates.daysInMonth(full.year, full.month), full.day);
      }
      return DateTime.#at(full, this.#zone, this.offset, this.#locale);
    }
  }

  kit.DateTime = DateTime;
  kit.isDateTime = DateTime.isDateTime;
  kit.Settings = {
    get defaultZone() {
      return DateTime.now().zone;
    },
    defaultLocale: 'en-US',
    throwOnInvalid: false,
    now: clock,
  };
  kit.now = () => DateTime.fromMillis(host.now());
  kit.parseDate = (value) => {
    if (DateTime.isDateTime(value)) return value;
    if (value instanceof Date) return DateTime.fromJSDate(value);
    const text = String(value).trim();
    const found = DateTime.readAny(text);
    if (found.isValid) return found;
    const millis = Date.parse(text);
    return Number.isNaN(millis) ? undefined : DateTime.fromMillis(millis);
  };
  kit.markDate = (object) => {
    if (DateTime.isDateTime(object)) return { $luxonDateTime: object.toISO() };
    return Duration.isDuration(object) ? object.toMillis() : undefined;
  };
});
