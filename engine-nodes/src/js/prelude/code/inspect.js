// Values as text, for the console: much as Node.js writes them.
(function (host, kit) {
  'use strict';

  const MOST = 100;
  const quoted = (text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`;
  const key = (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name));

  const write = (value, depth, seen) => {
    switch (typeof value) {
      case 'string':
        return quoted(value);
      case 'bigint':
        return `${value}n`;
      case 'symbol':
        return String(value);
      case 'function':
        return `[Function${value.name ? `: ${value.name}` : ' (anonymous)'}]`;
      case 'object':
        return value === null ? 'null' : writeObject(value, depth, seen);
      default:
        return Object.is(value, -0) ? '-0' : String(value);
    }
  };

  const writeObject = (object, depth, seen) => {
    if (seen.includes(object)) return '[Circular]';
    if (object instanceof Date) return Number.isNaN(object.getTime()) ? 'Invalid Date' : object.toISOString();
    if (object instanceof RegExp) return String(object);
    if (object instanceof Error) return object.stack ? `${object.name}: ${object.message}\n${object.stack}`.trimEnd() : `${object.name}: ${object.message}`;
    if (kit.isDateTime?.(object)) return `DateTime { ts: ${object.toISO()}, zone: ${object.zoneName}, locale: ${object.locale} }`;
    if (kit.isArray(object)) return depth > 3 ? '[Array]' : writeList(object, depth, seen);
    if (depth > 3) return '[Object]';
    const inner = [...seen, object];
    if (object instanceof Map) {
      const entries = [...object].slice(0, MOST).map(([from, to]) => `${write(from, depth + 1, inner)} => ${write(to, depth + 1, inner)}`);
      return `Map(${object.size}) {${entries.length ? ` ${entries.join(', ')} ` : ''}}`;
    }
    if (object instanceof Set) return `Set(${object.size}) {${object.size ? ` ${[...object].slice(0, MOST).map((value) => write(value, depth + 1, inner)).join(', ')} ` : ''}}`;
    const name = object.constructor?.name;
    const prefix = name && name !== 'Object' ? `${name} ` : '';
    const fields = Object.keys(object);
    const shown = fields.slice(0, MOST).map((field) => `${key(field)}: ${write(object[field], depth + 1, inner)}`);
    if (fields.length > MOST) shown.push(`... ${fields.length - MOST} more`);
    return shown.length === 0 ? `${prefix}{}` : `${prefix}{ ${shown.join(', ')} }`;
  };

  const writeList = (list, depth, seen) => {
    const inner = [...seen, list];
    const shown = list.slice(0, MOST).map((value) => write(value, depth + 1, inner));
    if (list.length > MOST) shown.push(`... ${list.length - MOST} more items`);
    return shown.length === 0 ? '[]' : `[ ${shown.join(', ')} ]`;
  };

  kit.inspect = (value) => (typeof value === 'string' ? value : write(value, 0, []));
});
