// Extension functions of objects.
(function (host, kit) {
  'use strict';

  const { fail } = kit;
  const { object: functions } = kit.extensions;

  functions.isEmpty = (value) => Object.keys(value).length === 0;
  functions.isNotEmpty = (value) => Object.keys(value).length > 0;
  functions.hasField = (value, [name]) => name in value;
  functions.removeField = (value, [name]) => {
    const { [name]: _, ...rest } = value;
    return rest;
  };

  const keep = (value, test) => Object.fromEntries(Object.entries(value).filter(([, field]) => test(field)));
  const pattern = (name, text) => {
    if (typeof text !== 'string' || text === '') fail(`${name}(): expected non-empty string arg`);
    return text;
  };
  functions.removeFieldsContaining = (value, [text]) => {
    pattern('removeFieldsContaining', text);
    return keep(value, (field) => !(typeof field === 'string' && field.includes(text)));
  };
  functions.keepFieldsContaining = (value, [text]) => {
    pattern('keepFieldsContaining', text);
    return keep(value, (field) => typeof field === 'string' && field.includes(text));
  };

  // Empty fields are left out at every level; lists within come out as objects, as n8n has it.
  functions.compact = (value) => {
    const kept = {};
    for (const [key, field] of Object.entries(value)) {
      if (field === null || field === undefined || field === 'nil' || field === '') continue;
      if (typeof field !== 'object') kept[key] = field;
      else if (Object.keys(field).length > 0) kept[key] = functions.compact(field);
    }
    return kept;
  };

  const encode = (text) => encodeURIComponent(text).replace(/[!'()~]|%20/g, (found) => (found === '%20' ? '+' : `%${found.charCodeAt(0).toString(16).toUpperCase()}`));
  functions.urlEncode = (value) =>
    Object.entries(value)
      .map(([key, field]) => `${encode(key)}=${encode(field)}`)
      .join('&');

  functions.keys = (value) => Object.keys(value);
  functions.values = (value) => Object.values(value);
  functions.toJsonString = (value) => JSON.stringify(value);
  for (const name of ['toInt', 'toFloat', 'toBoolean', 'toDateTime']) functions[name] = () => undefined;
});
