// Calls of extension functions: which function a call means depends on the value that it is made on.
(function (host, kit) {
  'use strict';

  const { fail, isArray, extensions } = kit;
  const { array, date, number, object, string, boolean } = extensions;
  for (const functions of Object.values(extensions)) kit.setPrototypeOf(functions, null);

  const isMoment = (text) => {
    if (text.length !== 24 || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text)) return false;
    const moment = new Date(text);
    return !Number.isNaN(moment.getTime()) && moment.toISOString() === text;
  };

  const isDate = (value) => value instanceof Date || (kit.isDateTime !== undefined && kit.isDateTime(value));
  // The functions of dates need Luxon, which most expressions do without.
  const ofDate = (name) => {
    kit.need('dates');
    return date[name];
  };
  const dateNames = new Set(host.dateFunctions());

  const ofType = (value, name) => {
    if (isArray(value)) return array[name];
    switch (typeof value) {
      case 'string':
        if (name !== 'toDate' && name !== 'toDateTime' && isMoment(value)) return dateNames.has(name) ? ofDate(name) : undefined;
        return string[name];
      case 'number':
        return number[name];
      case 'object':
        if (isDate(value)) return dateNames.has(name) ? ofDate(name) : undefined;
        return value === null ? undefined : object[name];
      case 'boolean':
        return boolean[name];
      default:
        return undefined;
    }
  };

  const generic = {
    __proto__: null,
    isEmpty: (value) => !value,
    isNotEmpty: (value) => Boolean(value),
  };

  const types = [
    ['Array', (name) => name in array],
    ['Date', (name) => dateNames.has(name)],
    ['Number', (name) => name in number],
    ['Object', (name) => name in object],
    ['String', (name) => name in string],
    ['Boolean', (name) => name in boolean],
  ];
  const refuse = (name) => {
    const names = types.filter(([, has]) => has(name)).map(([type]) => `"${type}"`);
    if (names.length === 0) fail(`Unknown expression function: ${name}`);
    if (names.length === 1) fail(`${name}() is only callable on type ${names[0]}`);
    const last = names.pop();
    return fail(`${name}() is only callable on types ${names.join(', ')}, and ${last}`);
  };

  kit.extend = (value, name, given) => {
    const own = ofType(value, name);
    if (own !== undefined) return own(value, given);
    if (value === undefined || value === null) {
      return name in generic ? generic[name](value) : fail(`${name} can't be used on ${value} value`);
    }
    const native = value[name];
    if (typeof native === 'function') return native.apply(value, given);
    return name in generic ? generic[name](value) : refuse(name);
  };
});
