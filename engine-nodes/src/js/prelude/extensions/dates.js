// Extension functions of dates: JavaScript's own and Luxon's. A text that is exactly a moment in UTC with milliseconds is sent here as well, as a
// text; n8n does nothing to make it a date, so what comes out of it is mostly an invalid one.
(function (host, kit) {
  'use strict';

  const { fail } = kit;
  const { date: functions } = kit.extensions;
  const { DateTime, Duration, parseDate } = kit.need('luxon');

  const isDateTime = (value) => DateTime.isDateTime(value);
  const dateTime = (value) => (isDateTime(value) ? value : DateTime.fromJSDate(value));
  const anyDate = (value) => (typeof value === 'string' ? (parseDate(value) ?? fail(`'${value}' is no date`)) : dateTime(value));
  // Whatever is done to a JavaScript date gives one.
  const like = (value, result) => (isDateTime(value) ? result : result.toJSDate());

  const units = {
    day: 'days', month: 'months', year: 'years', week: 'weeks', quarter: 'quarters', hour: 'hours', minute: 'minutes', second: 'seconds',
    millisecond: 'milliseconds', ms: 'milliseconds', sec: 'seconds', secs: 'seconds', hr: 'hours', hrs: 'hours', min: 'minutes', mins: 'minutes',
  };
  const plural = (unit) => units[unit] ?? unit;
  const singular = (unit) => {
    const found = plural(unit);
    return typeof found === 'string' && found.endsWith('s') ? found.slice(0, -1) : found;
  };
  const supported = ['milliseconds', 'seconds', 'minutes', 'hours', 'days', 'weeks', 'months', 'quarters', 'years'];
  const unitOf = (unit) => {
    const found = plural(unit);
    if (!supported.includes(found)) fail(`Unsupported unit '${String(unit)}'. Supported: ${supported.map((name) => `'${name}'`).join(', ')}.`);
    return found;
  };

  functions.beginningOf = (value, [unit = 'week']) => like(value, dateTime(value).startOf(singular(unit)));
  functions.endOfMonth = (value) => like(value, dateTime(value).endOf('month'));
  functions.extract = (value, [part = 'week']) => {
    const date = dateTime(value);
    if (part === 'yearDayNumber') {
      // Whole days from the last day of the year before, by the clock of the machine.
      const moment = date.toJSDate();
      const start = new Date(moment.getFullYear(), 0, 0);
      return Math.floor((moment - start + (start.getTimezoneOffset() - moment.getTimezoneOffset()) * 60000) / 86400000);
    }
    const name = singular(part);
    return date.get(name === 'week' ? 'weekNumber' : name);
  };
  // The second argument is an object of options; a bare name of a locale does not count, as in n8n.
  functions.format = (value, [format, options]) => dateTime(value).toFormat(format, { ...options });

  // A text is read as JavaScript reads it, in UTC if it holds a day only.
  const momentOf = (limit) => {
    if (typeof limit === 'string') return DateTime.fromJSDate(new Date(limit)).isValid ? DateTime.fromJSDate(new Date(limit)) : undefined;
    return limit instanceof Date || isDateTime(limit) ? dateTime(limit) : undefined;
  };
  functions.isBetween = (value, limits) => {
    if (limits.length !== 2) fail('isBetween(): expected exactly two args');
    const [from, to] = limits.map(momentOf);
    if (from === undefined || to === undefined) return undefined;
    const date = dateTime(value);
    return from > to ? to < date && date < from : from < date && date < to;
  };
  functions.isDst = (value) => dateTime(value).isInDST;
  functions.isWeekend = (value) => dateTime(value).weekday > 5;
  functions.isInLast = (value, [count = 0, unit = 'minutes']) => {
    const now = kit.now();
    const date = dateTime(value);
    return now.minus({ [plural(unit)]: count }) <= date && date <= now;
  };

  const span = (given, unit) => (typeof given === 'object' && given !== null ? given : { [plural(unit ?? 'milliseconds')]: Number(given) });
  functions.plus = (value, [given, unit]) => {
    if (isDateTime(value)) return value.plus(span(given, unit));
    return new Date(dateTime(value).plus(span(given, unit)).toISO() === null ? NaN : dateTime(value).plus(span(given, unit)).toMillis());
  };
  functions.minus = (value, [given, unit]) => functions.plus(value, [Duration.fromObject(span(given, unit)).negate()]);

  // One unit gives a number, several an object; none means days. A Date of JavaScript has no differences.
  functions.diffTo = (value, [other, unit = 'days']) => {
    const asked = (Array.isArray(unit) ? unit : [unit]).map(unitOf);
    const names = asked.length === 0 ? ['days'] : asked;
    const difference = value.diff(anyDate(other), names);
    return names.length > 1 ? difference.toObject() : difference.as(names[0]);
  };
  functions.diffToNow = (value, [unit]) => functions.diffTo(value, [kit.now(), unit]);

  functions.toDateTime = (value) => anyDate(value);
  functions.toInt = (value) => (isDateTime(value) ? value.toMillis() : value.getTime());
  functions.toFloat = functions.toInt;
  functions.toBoolean = () => undefined;
  functions.isEmpty = () => false;
  functions.isNotEmpty = () => true;
});
