// Extension functions of arrays.
(function (host, kit) {
  'use strict';

  const { fail, isArray } = kit;
  const { array: functions, object } = kit.extensions;

  const isObject = (value) => typeof value === 'object' && value !== null;

  // Equal in depth, by value.
  const equal = (a, b) => {
    if (a === b || (a !== a && b !== b)) return true;
    if (!isObject(a) || !isObject(b) || isArray(a) !== isArray(b)) return false;
    if (a instanceof Date || b instanceof Date) return a instanceof Date && b instanceof Date && a.getTime() === b.getTime();
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]));
  };

  // Values without those that are equal to one before. Plain values are looked up, all others compared.
  const distinct = (values, same = equal) => {
    const plain = new Set();
    const others = [];
    return values.filter((value) => {
      if (!isObject(value)) return plain.has(value) ? false : (plain.add(value), true);
      if (others.some((other) => same(other, value))) return false;
      others.push(value);
      return true;
    });
  };
  const among = (values) => {
    const plain = new Set(values);
    const others = values.filter(isObject);
    return (value) => (isObject(value) ? others.some((other) => equal(other, value)) : plain.has(value));
  };
  const list = (name, value, example) => (isArray(value) ? value : fail(`${name}(): expected array arg, e.g. .${name}(${example})`));

  functions.unique = (values, keys) => {
    if (keys.length === 0) return distinct(values);
    return distinct(values, (a, b) => keys.every((key) => equal(a[key], b[key])));
  };
  functions.removeDuplicates = functions.unique;
  functions.union = (values, [others]) => distinct([...values, ...list('union', others, '[1, 2]')]);
  functions.difference = (values, [others]) => {
    const known = among(list('difference', others, '[1, 2]'));
    return distinct(values.filter((value) => !known(value)));
  };
  functions.intersection = (values, [others]) => distinct(values.filter(among(list('intersection', others, '[1, 2]'))));

  functions.first = (values) => values[0];
  functions.last = (values) => values[values.length - 1];
  functions.reverse = (values) => [...values].reverse();
  functions.randomItem = (values) => values[Math.floor(Math.random() * values.length)];
  functions.append = (values, more) => [...values, ...more];
  functions.chunk = (values, [size]) => {
    if (typeof size !== 'number' || size === 0) fail('chunk(): expected non-zero numeric arg, e.g. .chunk(5)');
    const chunks = [];
    for (let at = 0; at < values.length && size > 0; at += size) chunks.push(values.slice(at, at + size));
    return chunks;
  };

  // Numbers.
  const numbers = (name, values) => {
    if (values.some((value) => typeof value !== 'number')) fail(`${name}(): all array elements must be numbers`);
    return values;
  };
  const total = (values) => values.reduce((sum, value) => sum + value, 0);
  functions.sum = (values) => total(numbers('sum', values));
  functions.average = (values) => (values.length === 0 ? 0 : total(numbers('average', values)) / values.length);
  functions.min = (values) => numbers('min', values).reduce((least, value) => Math.min(least, value), Infinity);
  functions.max = (values) => numbers('max', values).reduce((most, value) => Math.max(most, value), -Infinity);

  // Objects within.
  functions.pluck = (values, names) => {
    if (names.length === 0) return values;
    const plucked = [];
    for (const value of values) {
      if (!isObject(value)) continue;
      const found = Object.keys(value).flatMap((key) => names.filter((name) => name === key).map(() => value[key]));
      if (found.length > 0) plucked.push(found.length === 1 ? found[0] : found);
    }
    return plucked;
  };
  functions.smartJoin = (values, [key, field]) => {
    if (typeof key !== 'string' || typeof field !== 'string' || !key || !field) {
      fail('smartJoin(): expected two string args, e.g. .smartJoin("name", "value")');
    }
    const joined = {};
    for (const value of values) if (isObject(value) && key in value && field in value) joined[value[key]] = value[field];
    return joined;
  };
  functions.renameKeys = (values, names) => {
    if (names.length === 0 || names.length % 2 !== 0) {
      fail('renameKeys(): expected an even amount of args: from1, to1 [, from2, to2, ...]. e.g. .renameKeys("name", "title")');
    }
    return values.map((value) => {
      if (!isObject(value)) return value;
      const renamed = { ...value };
      for (let at = 0; at < names.length; at += 2) {
        if (!(names[at] in renamed)) continue;
        renamed[names[at + 1]] = renamed[names[at]];
        delete renamed[names[at]];
      }
      return renamed;
    });
  };
  const isEmpty = (value) => value === null || value === undefined || value === '' || value === 'nil' || (isObject(value) && Object.keys(value).length === 0);
  functions.compact = (values) => values.filter((value) => !isEmpty(value)).map((value) => (isObject(value) ? object.compact(value) : value));

  // Merges into one object; what comes first stays.
  const under = (value, other) => (isObject(other) ? { ...other, ...value } : value);
  const inOrder = (value, other) => {
    const merged = { ...value };
    for (const key of Object.keys(isObject(other) ? other : {})) if (!(key in merged)) merged[key] = other[key];
    return merged;
  };
  functions.merge = (values, [others]) => {
    if (others === undefined) return values.reduce((merged, value) => (isObject(value) && !isArray(value) ? inOrder(merged, value) : merged), {});
    list('merge', others, '[{ id: 1, otherValue: 3 }]');
    let merged = {};
    for (let at = 0; at < Math.max(values.length, others.length); at += 1) {
      if (isObject(values[at]) && isObject(others[at])) merged = { ...merged, ...inOrder(values[at], others[at]) };
    }
    return merged;
  };
  // The same, but what has no partner counts too.
  functions.mergeIntoObject = (values, [others]) => {
    list('mergeIntoObject', others, '[{ id: 1, otherValue: 3 }]');
    let merged = {};
    for (let at = 0; at < Math.max(values.length, others.length); at += 1) {
      if (isObject(values[at])) merged = { ...merged, ...inOrder(values[at], others[at]) };
      else if (isObject(others[at])) merged = { ...merged, ...others[at] };
    }
    return merged;
  };
  kit.mergeObjects = under;

  functions.isEmpty = (values) => values.length === 0;
  functions.isNotEmpty = (values) => values.length > 0;
  functions.toJsonString = (values) => JSON.stringify(values);
  for (const name of ['toInt', 'toFloat', 'toBoolean', 'toDateTime']) functions[name] = () => undefined;
});
