// The rest of Luxon's DateTime: sums and differences, and how a moment is written.
(function (host, kit) {
  'use strict';

  const { dates } = host;
  const { DateTime, Duration, unitIndex, unitNames } = kit;

  // How DateTime's toLocaleString writes, by the names that Luxon has for it.
  const text = (length) => ({ year: 'numeric', month: length, day: 'numeric' });
  const time = { hour: 'numeric', minute: '2-digit' };
  const seconds = { ...time, second: '2-digit' };
  const presets = {
    DATE_SHORT: { year: 'numeric', month: 'numeric', day: 'numeric' },
    DATE_MED: text('short'),
    DATE_MED_WITH_WEEKDAY: { ...text('short'), weekday: 'short' },
    DATE_FULL: text('long'),
    DATE_HUGE: { ...text('long'), weekday: 'long' },
    TIME_SIMPLE: time,
    TIME_WITH_SECONDS: seconds,
    TIME_WITH_SHORT_OFFSET: { ...seconds, timeZoneName: 'short' },
    TIME_WITH_LONG_OFFSET: { ...seconds, timeZoneName: 'long' },
    TIME_24_SIMPLE: { ...time, hourCycle: 'h23' },
    TIME_24_WITH_SECONDS: { ...seconds, hourCycle: 'h23' },
    TIME_24_WITH_SHORT_OFFSET: { ...seconds, hourCycle: 'h23', timeZoneName: 'short' },
    TIME_24_WITH_LONG_OFFSET: { ...seconds, hourCycle: 'h23', timeZoneName: 'long' },
  };
  for (const [name, date] of [['SHORT', 'DATE_SHORT'], ['MED', 'DATE_MED']]) {
    presets[`DATETIME_${name}`] = { ...presets[date], ...time };
    presets[`DATETIME_${name}_WITH_SECONDS`] = { ...presets[date], ...seconds };
  }
  presets.DATETIME_MED_WITH_WEEKDAY = { ...presets.DATE_MED_WITH_WEEKDAY, ...time };
  presets.DATETIME_FULL = { ...presets.DATE_FULL, ...time, timeZoneName: 'short' };
  presets.DATETIME_FULL_WITH_SECONDS = { ...presets.DATE_FULL, ...seconds, timeZoneName: 'short' };
  presets.DATETIME_HUGE = { ...presets.DATE_HUGE, ...time, timeZoneName: 'long' };
  presets.DATETIME_HUGE_WITH_SECONDS = { ...presets.DATE_HUGE, ...seconds, timeZoneName: 'long' };
  for (const name of Object.keys(presets)) kit.defineProperty(DateTime, name, { value: presets[name], enumerable: true });

  const order = ['year', 'month', 'day', 'hour', 'minute', 'second', 'millisecond'];
  const precisionOf = (unit) => {
    const name = unitNames[unitIndex(unit ?? 'milliseconds')].slice(0, -1);
    if (!order.includes(name)) throw new RangeError(`Invalid precision ${unit}`);
    return name;
  };
  const iso = (date, { format, suppressSeconds, suppressMilliseconds, includeOffset, extendedZone, precision } = {}) =>
    dates.iso(date.ts, date.zoneName, { basic: format === 'basic', suppressSeconds, suppressMilliseconds, includeOffset, extendedZone, precision: precisionOf(precision) });

  // The words for a distance from now.
  const relative = (start, end, options) => {
    const { formatRelative } = kit.need('intl');
    const round = options.round ?? true;
    const write = (count, unit) => {
      const number = options.calendary ? Math.round(count) : round ? Math.trunc(count) : Math.round(count * 100) / 100;
      return formatRelative(number === 0 && Object.is(count, -0) ? -0 : number, unit, options);
    };
    const distance = (unit) => {
      if (!options.calendary) return end.diff(start, unit).get(unit);
      return end.hasSame(start, unit) ? 0 : end.startOf(unit).diff(start.startOf(unit), unit).get(unit);
    };
    if (options.unit) return write(distance(options.unit), options.unit);
    for (const unit of options.units) {
      const count = distance(unit);
      if (Math.abs(count) >= 1) return write(count, unit);
    }
    return write(start > end ? -0 : 0, options.units.at(-1));
  };

  const methods = {
    plus(span) {
      if (!this.isValid) return this;
      return this.moved(dates.plus(this.ts, this.zoneName, Duration.fromDurationLike(span).amounts));
    },
    minus(span) {
      if (!this.isValid) return this;
      return this.plus(Duration.fromDurationLike(span).negate());
    },
    startOf(unit, { useLocaleWeeks = false } = {}) {
      if (!this.isValid) return this;
      const index = unitIndex(unit);
      if (useLocaleWeeks && unitNames[index] === 'weeks') return this.plus({ days: 1 }).startOf('week').minus({ days: 1 });
      return this.moved(dates.startOf(this.ts, this.zoneName, index));
    },
    endOf(unit, options) {
      if (!this.isValid) return this;
      const index = unitIndex(unit);
      if (options?.useLocaleWeeks && unitNames[index] === 'weeks') return this.startOf(unit, options).plus({ weeks: 1 }).minus(1);
      return this.moved(dates.endOf(this.ts, this.zoneName, index));
    },
    diff(other, unit = 'milliseconds', options = {}) {
      if (!this.isValid || !other?.isValid) return Duration.invalid('created by diffing an invalid DateTime');
      const units = (Array.isArray(unit) ? unit : [unit]).map(unitIndex);
      const amounts = dates.difference(other.ts, other.zoneName, this.ts, this.zoneName, units);
      return new Duration(amounts, { longTerm: options.conversionAccuracy === 'longterm', locale: this.locale });
    },
    diffNow(unit = 'milliseconds', options = {}) {
      return this.diff(DateTime.now(), unit, options);
    },
    until(other) {
      return this.isValid ? kit.Interval.fromDateTimes(this, other) : this;
    },
    hasSame(other, unit, options) {
      if (!this.isValid) return false;
      const moment = other.valueOf();
      const here = this.setZone(other.zone, { keepLocalTime: true });
      return here.startOf(unit, options) <= moment && moment <= here.endOf(unit, options);
    },
    equals(other) {
      return this.isValid && Boolean(other?.isValid) && this.ts === other.ts && this.zoneName === other.zoneName && this.locale === other.locale;
    },

    // Text.
    toFormat(format, options) {
      if (!this.isValid) return 'Invalid DateTime';
      const locale = typeof options === 'string' ? options : options?.locale;
      return dates.format(this.ts, this.zoneName, String(format), locale ?? this.locale);
    },
    toLocaleString(format = presets.DATE_SHORT, options = {}) {
      if (!this.isValid) return 'Invalid DateTime';
      const shown = kit.need('intl').formatDate(this.ts, options?.locale ?? this.locale, { timeZone: this.zoneName, ...format, ...options });
      // In zones that are no region's Luxon puts the parts together itself, and they hold another blank.
      const inParts = this.isOffsetFixed && (this.offset === 0 || this.offset % 60 !== 0);
      return inParts ? shown.replace(/ (?=[AP]M)/g, '\u202f') : shown;
    },
    toLocaleParts(options = {}) {
      if (!this.isValid) return [];
      return [{ type: 'literal', value: this.toLocaleString(options) }];
    },
    toISO(options = {}) {
      if (!this.isValid) return null;
      const [date, clock] = iso(this, options);
      return order.indexOf(precisionOf(options?.precision)) < 3 ? date : `${date}T${clock}`;
    },
    toISODate(options) {
      return this.isValid ? iso(this, options)[0] : null;
    },
    toISOTime(options) {
      if (!this.isValid) return null;
      return (options?.includePrefix ? 'T' : '') + iso(this, options)[1];
    },
    toISOWeekDate() {
      return this.isValid ? this.toFormat("kkkk-'W'WW-c") : null;
    },
    toRFC2822() {
      return this.isValid ? this.toFormat('EEE, dd LLL yyyy HH:mm:ss ZZZ', 'en-US') : null;
    },
    toHTTP() {
      return this.isValid ? this.toUTC().toFormat("EEE, dd LLL yyyy HH:mm:ss 'GMT'", 'en-US') : null;
    },
    toSQLDate() {
      return this.toISODate();
    },
    toSQLTime({ includeOffset = true, includeZone = false, includeOffsetSpace = true } = {}) {
      if (!this.isValid) return null;
      const zone = includeZone ? 'z' : includeOffset ? 'ZZ' : '';
      const isUtc = zone === 'ZZ' && this.isOffsetFixed && this.offset === 0;
      return this.toFormat(`HH:mm:ss.SSS${zone && includeOffsetSpace ? ' ' : ''}${isUtc ? "'Z'" : zone}`, 'en-US');
    },
    toSQL(options) {
      return this.isValid ? `${this.toSQLDate()} ${this.toSQLTime(options)}` : null;
    },
    toRelative(options = {}) {
      if (!this.isValid) return null;
      const base = options.base ?? DateTime.fromObject({}, { zone: this.zone });
      const padding = options.padding ? (this < base ? -options.padding : options.padding) : 0;
      const units = Array.isArray(options.unit) ? options.unit : ['years', 'months', 'days', 'hours', 'minutes', 'seconds'];
      const unit = Array.isArray(options.unit) ? undefined : options.unit;
      return relative(base, this.plus(padding), { ...options, locale: options.locale ?? this.locale, numeric: 'always', units, unit });
    },
    toRelativeCalendar(options = {}) {
      if (!this.isValid) return null;
      const base = options.base ?? DateTime.fromObject({}, { zone: this.zone });
      return relative(base, this, { ...options, locale: options.locale ?? this.locale, numeric: 'auto', units: ['years', 'months', 'days'], calendary: true });
    },
    toString() {
      return this.isValid ? this.toISO() : 'Invalid DateTime';
    },
    toJSON() {
      return this.toISO();
    },

    // Numbers and objects.
    valueOf() {
      return this.toMillis();
    },
    toMillis() {
      return this.isValid ? this.ts : NaN;
    },
    toSeconds() {
      return this.isValid ? this.ts / 1000 : NaN;
    },
    toUnixInteger() {
      return this.isValid ? Math.floor(this.ts / 1000) : NaN;
    },
    toJSDate() {
      return new Date(this.isValid ? this.ts : NaN);
    },
    toBSON() {
      return this.toJSDate();
    },
    toObject({ includeConfig = false } = {}) {
      if (!this.isValid) return {};
      const object = Object.fromEntries(order.map((unit) => [unit, this[unit]]));
      if (includeConfig) Object.assign(object, { outputCalendar: null, numberingSystem: null, locale: this.locale });
      return object;
    },
    resolvedLocaleOptions() {
      return { locale: this.locale, numberingSystem: 'latn', outputCalendar: 'gregory' };
    },
  };
  for (const name of Object.keys(methods)) kit.defineProperty(DateTime.prototype, name, { value: methods[name], writable: true, configurable: true });

  const named = { monthShort: 'MMM', monthLong: 'MMMM', weekdayShort: 'EEE', weekdayLong: 'EEEE' };
  for (const name of Object.keys(named)) {
    kit.defineProperty(DateTime.prototype, name, {
      get() {
        return this.isValid ? this.toFormat(named[name]) : null;
      },
      configurable: true,
    });
  }

  const list = (count, format, unit, locale) =>
    Array.from({ length: count }, (_, at) => DateTime.fromObject({ year: 2024, month: 1, day: 1 }, { zone: 'utc', locale }).plus({ [unit]: at }).toFormat(format));
  const lengths = { narrow: 5, short: 3, long: 4 };
  kit.Info = {
    months: (length = 'long', { locale } = {}) => list(12, 'L'.repeat(lengths[length] ?? (length === '2-digit' ? 2 : 1)), 'months', locale),
    weekdays: (length = 'long', { locale } = {}) => list(7, 'E'.repeat(lengths[length] ?? 4), 'days', locale),
    meridiems: () => ['AM', 'PM'],
    isValidIANAZone: (zone) => typeof zone === 'string' && dates.zone(zone) !== undefined,
    hasDST: (zone) => [1, 7].some((month) => DateTime.fromObject({ month }, { zone }).isInDST),
    normalizeZone: (zone) => DateTime.fromObject({}, { zone }).zone,
    features: () => ({ relative: true, localeWeek: false }),
  };
});
