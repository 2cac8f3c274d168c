// What an expression can name: the properties of the scope object. A new one is made for each evaluation; names that nothing declares, and that
// are not JavaScript's own, are read from it and assigned on it.
(function (host, kit) {
  'use strict';

  const { fail, ExpressionError } = kit;
  const { defineProperty, create, freeze } = Object;

  // Names that nothing else knows may be variables of this evaluation only.
  const others = new kit.Proxy(freeze(create(null)), { get: (_, name) => (typeof name === 'string' ? host.variable(name) : undefined) });

  function Scope() {}
  const scope = (Scope.prototype = create(others));

  const constant = (name, value) => defineProperty(scope, name, { value, writable: false, enumerable: false });
  const getter = (name, get) => defineProperty(scope, name, { get, set() {}, enumerable: false });

  // The current item, kept so that it stays the same object within one evaluation.
  getter('$json', function () {
    return (this.__e_json ??= host.json());
  });
  getter('$data', function () {
    return this.$json;
  });
  getter('$binary', function () {
    return host.binary();
  });
  getter('$itemIndex', () => host.itemIndex());
  getter('$position', () => host.itemIndex());
  getter('$thisItemIndex', () => host.itemIndex());
  getter('$runIndex', () => host.runIndex());
  getter('$thisRunIndex', () => host.runIndex());
  getter('$thisItem', () => host.inputItem(host.itemIndex()));

  const noArguments = (name, given) => {
    if (given.length > 0) fail(`$input.${name}() should have no arguments`);
  };
  const connected = () => {
    if (host.inputLength() === 0) throw new ExpressionError('no_execution_data', 'No execution data available: the node has no input data');
  };
  const input = freeze({
    get item() {
      connected();
      return host.inputItem(host.itemIndex());
    },
    first(...given) {
      noArguments('first', given);
      connected();
      return host.inputItem(0);
    },
    last(...given) {
      noArguments('last', given);
      connected();
      return host.inputItem(host.inputLength() - 1);
    },
    all(...given) {
      noArguments('all', given);
      return host.inputItems();
    },
    get params() {
      return host.previousNode()?.parameters;
    },
    get context() {
      return host.previousNode()?.context;
    },
  });
  constant('$input', input);

  // Other nodes. `$('Name')` checks the name at once; data is fetched when it is asked for.
  const index = (value) => (value === undefined || value === null ? undefined : Number(value));
  const nodeOf = (name) =>
    freeze({
      get item() {
        return host.pairedItem(name, host.itemIndex());
      },
      pairedItem: (at) => host.pairedItem(name, index(at) ?? host.itemIndex()),
      itemMatching(at) {
        if (at === undefined) fail('Missing item index for .itemMatching()');
        return host.pairedItem(name, index(at));
      },
      first: (output, run) => host.nodeItems(name, index(output), index(run))[0],
      last: (output, run) => host.nodeItems(name, index(output), index(run)).at(-1),
      all: (output, run) => host.nodeItems(name, index(output), index(run)),
      get isExecuted() {
        return host.otherNode(name).executed;
      },
      get params() {
        return host.otherNode(name).parameters;
      },
      get context() {
        return host.otherNode(name).context;
      },
    });
  constant('$', (name) => {
    if (typeof name !== 'string' || name === '') fail('When calling $(), please specify a node');
    host.otherNode(name);
    return nodeOf(name);
  });

  const sameIndex = (name) => {
    const found = host.itemsBeside(name)[host.itemIndex()];
    if (found === undefined) throw new ExpressionError('expression_out_of_range', `Node "${name}" has no item at index ${host.itemIndex()}`);
    return found;
  };
  const legacyNode = (name) =>
    freeze({
      get json() {
        return sameIndex(name).json;
      },
      get data() {
        return sameIndex(name).json;
      },
      get binary() {
        return sameIndex(name).binary;
      },
      get context() {
        return host.otherNode(name).context;
      },
      get parameter() {
        return host.otherNode(name).parameters;
      },
      get runIndex() {
        return host.otherNode(name).runIndex;
      },
    });
  const byName = (get) => new kit.Proxy(freeze(create(null)), { get: (_, name) => (typeof name === 'string' ? get(name) : undefined) });
  constant('$node', byName((name) => host.otherNode(name) && legacyNode(name)));
  constant('$items', (name, output, run) =>
    name === undefined ? host.inputItems() : host.nodeItems(String(name), index(output) ?? 0, index(run)));
  constant('$item', (at, run) => {
    const item = host.inputItem(index(at));
    if (item === undefined) throw new ExpressionError('expression_out_of_range', `There is no item at index ${at}`);
    const { json, binary } = item;
    return {
      $json: json,
      $data: json,
      $binary: binary ?? {},
      $node: byName((name) => {
        const found = host.nodeItems(name, undefined, index(run))[index(at)];
        return found && { json: found.json, data: found.json, binary: found.binary };
      }),
    };
  });
  constant('$getPairedItem', (name, _source, paired) => host.pairedItem(String(name), index(paired?.item) ?? 0));

  // Facts of the execution.
  getter('$prevNode', () => host.previous());
  getter('$workflow', () => host.workflow());
  getter('$execution', () => {
    const { id, mode, resumeUrl, resumeFormUrl } = host.execution();
    return { id, mode, resumeUrl, resumeFormUrl, customData };
  });
  const customData = freeze({
    set(key, value) {
      host.setCustomData(String(key), value);
    },
    setAll(values) {
      for (const key of Object.keys(values)) host.setCustomData(key, values[key]);
    },
    get: (key) => host.customData()[key],
    getAll: () => host.customData(),
  });
  getter('$executionId', () => host.execution().id);
  getter('$resumeWebhookUrl', () => host.execution().resumeUrl);
  getter('$mode', () => host.execution().rawMode);
  getter('$nodeVersion', () => host.node().version);
  getter('$nodeId', () => host.node().id);
  getter('$webhookId', () => host.node().webhookId);
  getter('$vars', () => host.variables());
  constant('$secrets', freeze({}));
  constant('$env', byName((name) => fail(`Access to environment variables is denied: $env.${name}`)));
  constant('$self', freeze({}));
  constant('$tool', undefined);
  constant('$agentInfo', undefined);
  getter('$rawParameter', () => host.parameters());
  getter('$parameter', () => {
    const parameters = host.parameters();
    return byName((name) => host.resolved(parameters[name.startsWith('&') ? name.slice(1) : name]));
  });

  // Time.
  getter('$now', () => kit.need('luxon').now());
  getter('$today', () => kit.need('luxon').now().startOf('day'));
  for (const name of ['DateTime', 'Duration', 'Interval']) getter(name, () => kit.need('luxon')[name]);

  // Functions.
  for (const name of ['$ifEmpty', '$if', '$not', '$min', '$max', '$average', '$jmespath', '$fromAI']) {
    getter(name, () => kit.need('functions').functions[name]);
  }
  getter('$jmesPath', () => kit.need('functions').functions.$jmespath);
  getter('$fromai', () => kit.need('functions').functions.$fromAI);
  for (const name of ['not', 'min', 'max', 'average', 'numberList', 'zip', 'toPathSegment']) {
    getter(name, () => kit.need('functions').functions[name]);
  }
  constant('$evaluateExpression', (text) => host.evaluate(String(text)));

  // Names of the host's that scripts look for, and do not get.
  for (const name of host.deniedNames()) getter(name, () => ({}));
  getter('process', () => ({ arch: 'x64', env: {}, platform: 'linux', pid: 1, ppid: 0, release: { name: 'node' }, version: 'v20.20.2', versions: { node: '20.20.2' } }));

  // Calls of extension functions.
  let dispatch;
  const extend = (value, name, given) => (dispatch ??= kit.need('extensions').extend)(value, name, given);
  const named = (name) => {
    if (typeof name !== 'string') fail('The name of an extension function must be a string');
    return kit.checkName(name);
  };
  constant('extend', (value, name, given) => extend(value, named(name), given ?? []));
  constant('extendOptional', (value, name) => {
    named(name);
    return value === undefined || value === null ? undefined : (...given) => extend(value, name, given);
  });

  kit.scopePrototype = scope;
  kit.compileWith(Scope, extend);
});
