// The functions that expressions can call by name.
(function (host, kit) {
  'use strict';

  const { fail, isArray } = kit;
  const functions = (kit.functions = Object.create(null));

  functions.$if = (...given) => {
    if (given.length < 2) fail('$if requires at least 2 parameters: test, value_if_true[, and value_if_false]');
    const [test, yes, no = false] = given;
    return test ? yes : no;
  };
  functions.$ifEmpty = (...given) => {
    if (given.length !== 2) fail(`$ifEmpty requires exactly 2 parameters: value, default. Got ${given.length}`);
    const [value, otherwise] = given;
    if (value === undefined || value === null || value === '') return otherwise;
    // A Date of JavaScript has no fields, and counts as empty.
    if (typeof value === 'object' && (isArray(value) ? value : Object.keys(value)).length === 0) {
      return kit.isDateTime?.(value) ? value : otherwise;
    }
    return value;
  };
  functions.$not = (value) => !value;
  functions.$min = Math.min;
  functions.$max = Math.max;
  functions.$average = (...values) => {
    const total = values.reduce((sum, value) => {
      if (typeof value !== 'number') fail(`average(): all args must be numbers, got ${typeof value}`);
      return sum + value;
    }, 0);
    return values.length === 0 ? 0 : total / values.length;
  };
  functions.not = functions.$not;
  functions.min = functions.$min;
  functions.max = functions.$max;
  functions.average = functions.$average;

  functions.numberList = (start, end) => {
    const size = Math.abs(start - end) + 1;
    if (size > 1e6) fail('numberList(): too long a list');
    const step = start > end ? -1 : 1;
    return Array.from({ length: size }, (_, at) => start + at * step);
  };
  functions.zip = (keys, values) => {
    if (keys.length !== values.length) fail('keys and values not of equal length');
    const zipped = {};
    for (let at = 0; at < keys.length; at += 1) zipped[keys[at]] = values[at];
    return zipped;
  };
  functions.toPathSegment = (value) => encodeURIComponent(String(value));

  functions.$jmespath = (data, query) => {
    if (typeof data !== 'object' || typeof query !== 'string') fail('expected two arguments (Object, string) for this function');
    if (query.includes('\\')) fail('Backslashes are not allowed in JMESPath queries');
    for (const [name] of query.matchAll(/\w+/g)) kit.checkName(name);
    return host.jmespath(data, query);
  };

  functions.$fromAI = (key, _description, _type, otherwise) => {
    if (typeof key !== 'string' || key === '') fail("Add a key, e.g. $fromAI('placeholder_name')");
    if (!/^[a-zA-Z0-9_-]{1,64}$/.test(key)) fail('Invalid parameter key, must be between 1 and 64 characters long and only contain lowercase letters, uppercase letters, numbers, underscores, and hyphens');
    const query = host.json().query;
    const given = host.json()[key] ?? (typeof query === 'object' && query !== null ? query[key] : undefined);
    return given ?? otherwise;
  };
});
