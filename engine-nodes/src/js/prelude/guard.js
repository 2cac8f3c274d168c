// Arrays that claim to be longer than memory could hold them keep QuickJS's own loops busy for minutes, and nothing can interrupt those.
(function (host, kit) {
  'use strict';

  const LONGEST = 1e7;
  const { Array, Proxy, Reflect } = globalThis;
  const { construct } = Reflect;

  const checked = (length) => {
    if (typeof length === 'number' && length > LONGEST) throw new RangeError('Invalid array length');
    return length;
  };
  kit.checkedLength = checked;

  const guarded = new Proxy(Array, {
    apply: (target, _, given) => (given.length === 1 ? new target(checked(given[0])) : new target(...given)),
    construct(target, given, made) {
      if (given.length === 1) checked(given[0]);
      return construct(target, given, made);
    },
  });
  globalThis.Array = guarded;
  Array.prototype.constructor = guarded;
  // What the methods of arrays make themselves is never longer than what it is made from, and need not be looked at.
  Object.defineProperty(Array, Symbol.species, {
    get() {
      return this === guarded ? Array : this;
    },
  });
});
