// Sorting of short lists in the order of comparisons that V8 makes. A comparison that contradicts itself, such as `(a, b) => (a > b ? 1 : -1)` for equal
// values, gives what it gives in n8n then. Longer lists are sorted by QuickJS, whose result is the same for every comparison that is sound.
(function (host, kit) {
  'use strict';

  const { isArray } = Array;
  const native = Array.prototype.sort;
  const LONGEST = 63;

  // The length of the run in order that the list begins with; one in descending order is turned round.
  const firstRun = (values, compare) => {
    let end = 2;
    const descends = compare(values[1], values[0]) < 0;
    while (end < values.length && compare(values[end], values[end - 1]) < 0 === descends) end += 1;
    if (descends) values.splice(0, end, ...values.slice(0, end).reverse());
    return end;
  };

  const sorted = (values, compare) => {
    for (let next = firstRun(values, compare); next < values.length; next += 1) {
      const value = values[next];
      let [low, high] = [0, next];
      while (low < high) {
        const middle = low + ((high - low) >> 1);
        if (compare(value, values[middle]) < 0) high = middle;
        else low = middle + 1;
      }
      values.splice(next, 1);
      values.splice(low, 0, value);
    }
    return values;
  };

  Object.defineProperty(Array.prototype, 'sort', {
    value: function sort(compare) {
      const short = typeof compare === 'function' && isArray(this) && this.length <= LONGEST;
      if (!short) return native.call(this, compare);
      const values = [];
      let [holes, missing] = [0, 0];
      for (let index = 0; index < this.length; index += 1) {
        if (!(index in this)) holes += 1;
        else if (this[index] === undefined) missing += 1;
        else values.push(this[index]);
      }
      const length = values.length + missing + holes;
      if (values.length > 1) sorted(values, (a, b) => Number(compare(a, b)));
      for (let index = 0; index < length; index += 1) {
        if (index < values.length) this[index] = values[index];
        else if (index < values.length + missing) this[index] = undefined;
        else delete this[index];
      }
      return this;
    },
    writable: true,
    enumerable: false,
    configurable: true,
  });
});
