// The surroundings of code in Code nodes: its global names, and how it is run. A realm serves one run at a time; `run` is the one at hand.
(function (host, kit) {
  'use strict';

  const { global, defineProperty } = kit;
  const { scopePrototype, isArray } = kit;
  let run;

  // JSON.parse says in n8n's words why a text is none.
  const { parse } = JSON;
  const parseJson = {
    parse(text, reviver) {
      try {
        return parse(text, reviver);
      } catch (error) {
        const message = error instanceof SyntaxError ? kit.need('json').whyNoJson(String(text)) : undefined;
        if (message !== undefined) error.message = message;
        throw error;
      }
    },
  };
  JSON.parse = parseJson.parse;

  // Input items are made once for a run: what the code changes in them, it finds again.
  const inputItem = (index) => (run.items[index] ??= host.inputItem(index));
  const inputItems = () => {
    if (!run.complete) {
      host.fillInput(run.items);
      run.complete = true;
    }
    return run.items;
  };
  const connected = () => host.inputLength() > 0 || kit.fail('The node has no input data');
  const input = {
    get item() {
      connected();
      return inputItem(host.itemIndex());
    },
    first(...given) {
      if (given.length > 0) kit.fail('$input.first() should have no arguments');
      connected();
      return inputItem(0);
    },
    last(...given) {
      if (given.length > 0) kit.fail('$input.last() should have no arguments');
      connected();
      return inputItem(host.inputLength() - 1);
    },
    all(...given) {
      if (given.length > 0) kit.fail('$input.all() should have no arguments');
      return inputItems();
    },
    get params() {
      return host.previousNode()?.parameters;
    },
    get context() {
      return host.previousNode()?.context;
    },
  };

  // Static data: what was stored before, to be changed in place.
  const staticData = (kind) => {
    if (kind !== 'global' && kind !== 'node') throw new TypeError(`The value "${kind}" is no type of static data: it must be "global" or "node"`);
    return (run.staticData[kind] ??= JSON.parse(host.staticData(kind)));
  };

  // Work of the host that takes its time: a promise that is settled when the host has done it.
  const begin = (kind, ...payload) =>
    new kit.Promise((resolve, reject) => {
      run.waiting.set(host.begin(kind, payload), { resolve, reject });
    });
  kit.begin = begin;
  kit.settle = (number, done, value) => {
    const waiting = run.waiting.get(number);
    run.waiting.delete(number);
    if (waiting === undefined) return;
    if (done) waiting.resolve(value);
    else waiting.reject(value instanceof Error ? value : Object.assign(new Error(value.message), value));
  };

  // Bytes as the host takes them: a text of one character for each.
  kit.bytesText = (bytes) => {
    let text = '';
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode.apply(null, bytes.subarray(at, at + 8192));
    return text;
  };

  // Timers.
  const timers = new Map();
  let lastTimer = 0;
  const later = (repeat) => (then, delay = 0, ...given) => {
    if (typeof then !== 'function') throw new TypeError('The callback of a timer must be a function');
    const timer = (lastTimer += 1);
    timers.set(timer, run);
    const tick = async () => {
      do {
        await begin('sleep', Math.max(0, Number(delay) || 0));
        if (timers.get(timer) !== run) return;
        if (!repeat) timers.delete(timer);
        then(...given);
      } while (repeat && timers.get(timer) === run);
    };
    tick();
    return timer;
  };
  const forget = (timer) => {
    timers.delete(timer);
  };

  // What is written on the console becomes lines of the execution's log.
  const write = (level) => (...given) => host.log(level, given.map((value) => kit.need('inspect').inspect(value)).join(' '));
  const counts = new Map();
  const console = {
    log: write('info'),
    info: write('info'),
    debug: write('debug'),
    trace: write('debug'),
    dir: write('info'),
    table: write('info'),
    warn: write('warn'),
    error: write('error'),
    assert(holds, ...given) {
      if (!holds) console.error('Assertion failed', ...given);
    },
    count(label = 'default') {
      counts.set(label, (counts.get(label) ?? 0) + 1);
      console.log(`${label}: ${counts.get(label)}`);
    },
    time() {},
    timeEnd() {},
    timeLog() {},
    group: write('info'),
    groupEnd() {},
  };

  // Modules: a few that the engine provides itself.
  const require = (name) => {
    const module = String(name).replace(/^node:/, '');
    switch (module) {
      case 'luxon':
        return kit.need('luxon').luxon;
      case 'crypto':
        return kit.need('crypto').crypto;
      case 'buffer':
        return { Buffer: kit.need('buffer').Buffer };
      case 'url':
        return { URL: kit.need('web').URL, URLSearchParams: kit.need('web').URLSearchParams };
      case 'util':
        return { inspect: kit.need('inspect').inspect, TextEncoder: kit.need('web').TextEncoder, TextDecoder: kit.need('web').TextDecoder };
      default:
        throw new Error(`Cannot find module '${name}': modules other than luxon, crypto, buffer, url and util are not available`);
    }
  };

  // Bytes in an answer become a buffer.
  const revived = (value) => (typeof value?.$bytes === 'string' ? kit.need('buffer').Buffer.from(value.$bytes, 'base64') : value);
  const request = async (kind, options) => {
    const answer = revived(await begin(kind, options));
    if (typeof answer?.body?.$bytes === 'string') answer.body = revived(answer.body);
    return answer;
  };
  const helpers = {
    httpRequest: (options) => request('http', options),
    request: (options) => request('request', options),
    httpRequestWithAuthentication: (...given) => request('http', { ...given.at(-1), authentication: given.at(-2) }),
    requestWithAuthentication: (...given) => request('request', { ...given.at(-1), authentication: given.at(-2) }),
    async getBinaryDataBuffer(index, property) {
      const found = helpers.assertBinaryData(index, property);
      return kit.need('buffer').toBuffer(await begin('readBinary', found));
    },
    assertBinaryData(index, property) {
      const file = typeof property === 'object' ? property : inputItem(Number(index))?.binary?.[property];
      if (file === undefined) throw new Error(`The item has no binary field '${property}' [item ${index}]`);
      return file;
    },
    prepareBinaryData: (data, fileName, mimeType) => begin('writeBinary', kit.bytesText(kit.need('buffer').Buffer.from(data)), fileName, mimeType),
    returnJsonArray: (data) => (isArray(data) ? data : [data]).map((json) => (json?.json === undefined ? { json } : json)),
    normalizeItems: (data) => (isArray(data) ? data : [data]).map((json) => (json?.json === undefined ? { json } : json)),
    constructExecutionMetaData: (items, { itemData }) => items.map((item) => ({ ...item, pairedItem: itemData })),
  };

  // The files of an item, as Function and Function Item reach them; Function Item means the item at hand.
  const filesOf = (item) => {
    run.files = true;
    return item ?? inputItem(host.itemIndex());
  };
  const binaryData = {
    getBinaryData: () => filesOf().binary,
    setBinaryData: async (data) => {
      filesOf().binary = data;
    },
    async getBinaryDataAsync(item) {
      const { binary } = filesOf(item);
      for (const file of Object.values(binary ?? {})) {
        file.data = (await helpers.getBinaryDataBuffer(0, file)).toString('base64');
      }
      return binary;
    },
    async setBinaryDataAsync(...given) {
      const data = given.at(-1);
      if (!data) kit.fail('No data was provided to setBinaryDataAsync');
      // Without the name of a file that is there, its data counts.
      const stored = Object.entries(data).map(([name, { id, ...file }]) => [name, file]);
      filesOf(given.length > 1 ? given[0] : undefined).binary = Object.fromEntries(stored);
    },
  };

  // What `this` is in the code.
  const self = {
    helpers,
    getWorkflowStaticData: staticData,
    getInputData: inputItems,
    getNode: () => ({ id: host.node().id, name: host.node().name, typeVersion: host.node().version, parameters: host.parameters() }),
    getWorkflow: () => host.workflow(),
    getMode: () => host.execution().rawMode,
    getTimezone: () => host.timeZone(),
    getExecutionId: () => host.execution().id,
    continueOnFail: () => run.continues,
    getWorkflowDataProxy: () => run.scope,
  };

  // Global names. What the code assigns to them holds until the end of the run.
  const define = (name, get) => {
    defineProperty(global, name, {
      get: () => (run !== undefined && name in run.assigned ? run.assigned[name] : get()),
      set: (value) => {
        run.assigned[name] = value;
      },
      enumerable: false,
      configurable: true,
    });
  };
  for (const name of Object.getOwnPropertyNames(scopePrototype)) {
    if (name.startsWith('$') || name === 'DateTime' || name === 'Duration' || name === 'Interval') define(name, () => run.scope[name]);
  }
  define('luxon', () => kit.need('luxon').luxon);
  define('$input', () => input);
  define('$json', () => inputItem(host.itemIndex())?.json ?? {});
  define('$data', () => inputItem(host.itemIndex())?.json ?? {});
  define('$binary', () => inputItem(host.itemIndex())?.binary ?? {});
  // Each way of running has its own name for what comes in; the other's is undefined.
  define('items', () => (run.each ? undefined : inputItems()));
  define('item', () => {
    if (!run.each) return undefined;
    return run.legacy ? inputItem(host.itemIndex())?.json : inputItem(host.itemIndex());
  });
  define('$getWorkflowStaticData', () => staticData);
  define('getWorkflowStaticData', () => staticData);
  define('getNodeStaticData', () => () => staticData('node'));
  for (const name of Object.keys(binaryData)) define(name, () => binaryData[name]);
  define('helpers', () => helpers);
  define('$helpers', () => helpers);
  define('console', () => console);
  define('require', () => require);
  define('process', () => scopePrototype.process);
  define('setTimeout', () => later(false));
  define('setInterval', () => later(true));
  define('setImmediate', () => (then, ...given) => later(false)(then, 0, ...given));
  for (const name of ['clearTimeout', 'clearInterval', 'clearImmediate']) define(name, () => forget);
  const microtask = kit.Promise.resolve();
  define('queueMicrotask', () => (then) => void microtask.then(() => then()));
  for (const [part, names] of [
    ['buffer', ['Buffer']],
    ['web', ['URL', 'URLSearchParams', 'TextEncoder', 'TextDecoder', 'atob', 'btoa', 'structuredClone']],
    ['crypto', ['crypto']],
  ]) {
    for (const name of names) define(name, () => kit.need(part)[name]);
  }

  // Messages of the script engine in the words of n8n's, where workflows show them to people.
  const words = [
    [/^cannot read property '(.*)' of (null|undefined)$/s, "Cannot read properties of $2 (reading '$1')"],
    [/^cannot set property '(.*)' of (null|undefined)$/s, "Cannot set properties of $2 (setting '$1')"],
    [/^'.*' is read-only$/s, 'Assignment to constant variable.'],
    [/^Date value is NaN$/, 'Invalid time value'],
    [/^invalid array length$/, 'Invalid array length'],
    [/^empty array$/, 'Reduce of empty array with no initial value'],
    [/^circular reference$/, 'Converting circular structure to JSON'],
  ];
  const worded = (message) => {
    const found = words.find(([pattern]) => pattern.test(message));
    return found === undefined ? message : message.replace(found[0], found[1]);
  };

  // What went wrong, for Rust.
  const described = (thrown) => {
    if (!(thrown instanceof Error)) {
      const plain = typeof thrown === 'object' && thrown !== null && typeof thrown.message === 'string' ? thrown.message : JSON.stringify(thrown);
      return { message: String(plain) };
    }
    const { message, stack, description } = thrown;
    const kind = kit.errorKind(thrown);
    const isString = (value) => (typeof value === 'string' ? value : undefined);
    return { message: worded(String(message)), stack: isString(stack), description: isString(description), kind };
  };

  const finish = (promise) => promise.then(
    (value) => {
      run.result = { value };
    },
    (thrown) => {
      run.result = { error: described(thrown) };
    },
  );

  // Begins a run. `each` runs the code once for every item, one after the other. With `legacy`, what it gives is followed by the item's files, if the code
  // asked for them.
  kit.beginRun = (code, { each, legacy, continues, most }) => {
    run = {
      items: [], complete: false, assigned: Object.create(null), staticData: {}, waiting: new Map(), scope: Object.create(scopePrototype), each, legacy, continues, files: false,
    };
    const once = async () => code.call(self);
    const forEach = async () => {
      const results = [];
      for (let index = 0; index < Math.min(most, host.inputLength()); index += 1) {
        host.selectItem(index);
        run.assigned = Object.create(null);
        run.files = false;
        try {
          const value = await code.call(self);
          results.push({ value: legacy && value !== undefined ? [value, run.files ? (inputItem(index).binary ?? {}) : null] : value });
        } catch (thrown) {
          results.push({ error: described(thrown) });
          if (!continues) break;
        }
      }
      return results;
    };
    finish(each ? forEach() : once());
  };
  kit.runResult = () => run.result;
  kit.runStaticData = (kind) => run.staticData[kind];
  kit.endRun = () => {
    run = undefined;
    counts.clear();
    timers.clear();
  };
  kit.shared = [self, input, console, require, staticData];
});
