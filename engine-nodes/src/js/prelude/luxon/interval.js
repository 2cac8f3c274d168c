// Luxon's Interval: from one moment up to another, which is not part of it.
(function (host, kit) {
  'use strict';

  const { DateTime, Duration } = kit;

  const moment = (value) => {
    if (DateTime.isDateTime(value)) return value;
    if (value instanceof Date) return DateTime.fromJSDate(value);
    if (typeof value === 'object' && value !== null) return DateTime.fromObject(value);
    if (typeof value === 'number') return DateTime.fromMillis(value);
    throw new TypeError(`Unknown datetime argument: ${value}, of type ${typeof value}`);
  };

  class Interval {
    #start;
    #end;
    #reason;

    constructor(start, end, reason = null) {
      this.#start = start;
      this.#end = end;
      this.#reason = reason;
    }

    static fromDateTimes(start, end) {
      const [from, to] = [moment(start), moment(end)];
      if (!from.isValid) return Interval.invalid('missing or invalid start');
      if (!to.isValid) return Interval.invalid('missing or invalid end');
      if (to < from) return Interval.invalid('end before start', `The end of an interval must be after its start, but you had start=${from.toISO()} and end=${to.toISO()}`);
      return new Interval(from, to);
    }

    static after(start, span) {
      const from = moment(start);
      return Interval.fromDateTimes(from, from.plus(span));
    }

    static before(end, span) {
      const to = moment(end);
      return Interval.fromDateTimes(to.minus(span), to);
    }

    static fromISO(text, options) {
      const [first, second] = String(text).split('/', 2);
      if (first && second) {
        const [start, end] = [DateTime.fromISO(first, options), DateTime.fromISO(second, options)];
        if (start.isValid && end.isValid) return Interval.fromDateTimes(start, end);
        if (start.isValid) {
          const span = Duration.fromISO(second, options);
          if (span.isValid) return Interval.after(start, span);
        } else if (end.isValid) {
          const span = Duration.fromISO(first, options);
          if (span.isValid) return Interval.before(end, span);
        }
      }
      return Interval.invalid('unparsable', `the input "${text}" can't be parsed as ISO 8601`);
    }

    static invalid(reason, explanation = null) {
      if (!reason) throw new TypeError('need to specify a reason the Interval is invalid');
      return new Interval(null, null, { reason, explanation });
    }

    static isInterval(value) {
      return typeof value === 'object' && value !== null && #start in value;
    }

    static merge(intervals) {
      const merged = [];
      for (const interval of [...intervals].sort((a, b) => a.start - b.start)) {
        const last = merged.at(-1);
        if (last !== undefined && (last.overlaps(interval) || last.abutsStart(interval))) merged[merged.length - 1] = last.union(interval);
        else merged.push(interval);
      }
      return merged;
    }

    static xor(intervals) {
      const turns = intervals.flatMap((interval) => [
        { time: interval.start, step: 1 },
        { time: interval.end, step: -1 },
      ]);
      turns.sort((a, b) => a.time - b.time);
      const found = [];
      let start = null;
      let open = 0;
      for (const { time, step } of turns) {
        open += step;
        if (open === 1) {
          start = time;
        } else {
          if (start !== null && +start !== +time) found.push(Interval.fromDateTimes(start, time));
          start = null;
        }
      }
      return Interval.merge(found);
    }

    get start() {
      return this.isValid ? this.#start : null;
    }

    get end() {
      return this.isValid ? this.#end : null;
    }

    get lastDateTime() {
      return this.isValid ? this.#end.minus(1) : null;
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

    get isLuxonInterval() {
      return true;
    }

    length(unit = 'milliseconds') {
      return this.isValid ? this.toDuration(unit).get(unit) : NaN;
    }

    count(unit = 'milliseconds') {
      if (!this.isValid) return NaN;
      const start = this.#start.startOf(unit);
      const end = this.#end.startOf(unit);
      return Math.floor(end.diff(start, unit).get(unit)) + (end.valueOf() !== this.#end.valueOf() ? 1 : 0);
    }

    hasSame(unit) {
      return this.isValid && (this.isEmpty() || this.#end.minus(1).hasSame(this.#start, unit));
    }

    isEmpty() {
      return +this.#start === +this.#end;
    }

    isAfter(time) {
      return this.isValid && this.#start > time;
    }

    isBefore(time) {
      return this.isValid && this.#end <= time;
    }

    contains(time) {
      return this.isValid && this.#start <= time && this.#end > time;
    }

    set({ start, end } = {}) {
      return this.isValid ? Interval.fromDateTimes(start ?? this.#start, end ?? this.#end) : this;
    }

    splitAt(...times) {
      if (!this.isValid) return [];
      const sorted = times.map(moment).filter((time) => this.contains(time)).sort((a, b) => a - b);
      return this.#cut([...sorted, this.#end]);
    }

    #cut(ends) {
      const parts = [];
      let from = this.#start;
      for (const end of ends) {
        const to = end > this.#end ? this.#end : end;
        if (+to > +from) parts.push(Interval.fromDateTimes(from, to));
        from = to;
      }
      return parts;
    }

    splitBy(span) {
      const step = Duration.fromDurationLike(span);
      if (!this.isValid || !step.isValid || step.as('milliseconds') === 0) return [];
      const parts = [];
      let from = this.#start;
      for (let index = 1; from < this.#end; index += 1) {
        const next = this.#start.plus(step.mapUnits((amount) => amount * index));
        const to = +next > +this.#end ? this.#end : next;
        parts.push(Interval.fromDateTimes(from, to));
        from = to;
      }
      return parts;
    }

    divideEqually(count) {
      return this.isValid ? this.splitBy(this.length() / count).slice(0, count) : [];
    }

    overlaps(other) {
      return this.#end > other.start && this.#start < other.end;
    }

    abutsStart(other) {
      return this.isValid && +this.#end === +other.start;
    }

    abutsEnd(other) {
      return this.isValid && +other.end === +this.#start;
    }

    engulfs(other) {
      return this.isValid && this.#start <= other.start && this.#end >= other.end;
    }

    equals(other) {
      return this.isValid && other.isValid && this.#start.equals(other.start) && this.#end.equals(other.end);
    }

    intersection(other) {
      if (!this.isValid) return this;
      const start = this.#start > other.start ? this.#start : other.start;
      const end = this.#end < other.end ? this.#end : other.end;
      return start >= end ? null : Interval.fromDateTimes(start, end);
    }

    union(other) {
      if (!this.isValid) return this;
      return Interval.fromDateTimes(this.#start < other.start ? this.#start : other.start, this.#end > other.end ? this.#end : other.end);
    }

    difference(...others) {
      return Interval.xor([this, ...others])
        .map((part) => this.intersection(part))
        .filter((part) => part !== null && !part.isEmpty());
    }

    toDuration(unit, options) {
      return this.isValid ? this.#end.diff(this.#start, unit, options) : Duration.invalid(this.invalidReason);
    }

    mapEndpoints(change) {
      return Interval.fromDateTimes(change(this.#start), change(this.#end));
    }

    toString() {
      return this.isValid ? `[${this.#start.toISO()} – ${this.#end.toISO()})` : 'Invalid Interval';
    }

    toISO(options) {
      return this.isValid ? `${this.#start.toISO(options)}/${this.#end.toISO(options)}` : 'Invalid Interval';
    }

    toISODate() {
      return this.isValid ? `${this.#start.toISODate()}/${this.#end.toISODate()}` : 'Invalid Interval';
    }

    toISOTime(options) {
      return this.isValid ? `${this.#start.toISOTime(options)}/${this.#end.toISOTime(options)}` : 'Invalid Interval';
    }

    toFormat(format, { separator = ' – ' } = {}) {
      return this.isValid ? `${this.#start.toFormat(format)}${separator}${this.#end.toFormat(format)}` : 'Invalid Interval';
    }

    toLocaleString(format, options) {
      if (!this.isValid) return 'Invalid Interval';
      return `${this.#start.toLocaleString(format, options)} – ${this.#end.toLocaleString(format, options)}`;
    }
  }

  kit.Interval = Interval;
  kit.luxon = { DateTime, Duration, Interval, Settings: kit.Settings, Info: kit.Info };
});
