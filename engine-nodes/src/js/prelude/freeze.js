// The last part: what scripts share is made unchangeable, and what they may not have is taken away.
(function (host, kit) {
  'use strict';

  const global = globalThis;
  const { Object } = global;
  const { getOwnPropertyNames, getOwnPropertySymbols, getOwnPropertyDescriptor, getPrototypeOf, defineProperty, freeze } = Object;

  // Code from text is compiled by the engine only.
  const refuse = function () {
    throw new TypeError('Code generation from strings is disallowed');
  };
  const kinds = [function () {}, async function () {}, function* () {}, async function* () {}];
  for (const prototype of kinds.map((kind) => getPrototypeOf(kind))) {
    defineProperty(prototype, 'constructor', { value: refuse, writable: false, configurable: false });
  }
  defineProperty(refuse, 'prototype', { value: getPrototypeOf(refuse), writable: false });

  delete Object.prototype.__proto__;
  for (const name of ['__defineGetter__', '__defineSetter__', '__lookupGetter__', '__lookupSetter__']) delete Object.prototype[name];
  delete global.eval;
  for (const name of host.deniedGlobals()) delete global[name];
  if (host.isStrict()) {
    const dangerous = ['getPrototypeOf', 'setPrototypeOf', 'defineProperty', 'defineProperties', 'getOwnPropertyDescriptor', 'getOwnPropertyDescriptors'];
    for (const name of dangerous) delete Object[name];
    delete Error.captureStackTrace;
    delete Error.prepareStackTrace;
  } else {
    global.Function = refuse;
  }

  // A frozen property of a prototype would make it impossible to give an object that inherits from it one of the same name by assignment.
  // Such properties become accessors that put the new value on the object itself.
  const assignable = (prototype, name) => {
    const { value, enumerable } = getOwnPropertyDescriptor(prototype, name);
    defineProperty(prototype, name, {
      get() {
        return value;
      },
      set(changed) {
        if (this === prototype || this === undefined || this === null) return;
        defineProperty(this, name, { value: changed, writable: true, enumerable: true, configurable: true });
      },
      enumerable,
      configurable: false,
    });
  };
  const inherited = [
    [Object.prototype, ['toString', 'valueOf', 'hasOwnProperty', 'constructor', 'toLocaleString', 'isPrototypeOf', 'propertyIsEnumerable']],
    [Array.prototype, ['toString']],
  ];
  for (const kind of [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError]) {
    inherited.push([kind.prototype, ['name', 'message', 'constructor']]);
  }
  inherited.push([Error.prototype, ['toString']]);
  for (const [prototype, names] of inherited) for (const name of names) assignable(prototype, name);

  const seen = new Set();
  const freezeAll = (value) => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return;
    seen.add(value);
    freeze(value);
    freezeAll(getPrototypeOf(value));
    for (const key of [...getOwnPropertyNames(value), ...getOwnPropertySymbols(value)]) {
      const descriptor = getOwnPropertyDescriptor(value, key);
      freezeAll(descriptor.value);
      freezeAll(descriptor.get);
      freezeAll(descriptor.set);
    }
  };
  for (const value of [[][Symbol.iterator](), new Map().entries(), new Set().values(), 'a'.matchAll(/a/g), ''[Symbol.iterator]()]) freezeAll(getPrototypeOf(value));
  kit.freezeAll = freezeAll;
  for (const kind of kinds) freezeAll(getPrototypeOf(kind));
  freezeAll(getPrototypeOf((function* () {})()));
  freezeAll(global);
  freezeAll(kit.scopePrototype);
  for (const value of kit.shared ?? []) freezeAll(value);
});
