// The first part of the prelude: errors, the checks that rewritten expressions make, lazy lists, and what Rust asks of values.
// Every part is a function of `host`, the functions of the engine, and `kit`, what the parts share. Scripts reach neither.
(function (host, kit) {
  'use strict';

  const { Proxy, Array, Object, Date, Map, Set, RegExp, Error, String, Number, Boolean, Symbol } = globalThis;
  const isArray = Array.isArray;
  const { setPrototypeOf, defineProperty, getOwnPropertyNames, getOwnPropertyDescriptor } = Object;
  // Parts that are read later need what expressions may not have.
  kit.global = globalThis;
  kit.defineProperty = defineProperty;
  kit.Proxy = Proxy;
  kit.Promise = globalThis.Promise;

  // Errors that fail the item. All others that an expression throws make it `undefined`.
  class ExpressionError extends Error {
    constructor(kind, message) {
      super(message);
      this.kind = kind;
    }

    get name() {
      return 'ExpressionError';
    }
  }

  kit.ExpressionError = ExpressionError;
  kit.fail = (message) => {
    throw new ExpressionError('expression_call', message);
  };
  kit.makeError = (kind, message) => new ExpressionError(kind, message);
  kit.errorKind = (thrown) => (thrown instanceof ExpressionError ? thrown.kind : undefined);

  // Parts of the prelude that few scripts need are read when they are first used.
  const present = Object.create(null);
  kit.need = (part) => {
    if (!present[part]) {
      present[part] = true;
      host.load(part);
    }
    return kit;
  };

  // Checks of property names.
  const unsafe = Object.create(null);
  for (const name of host.unsafeNames()) unsafe[name] = true;

  kit.checkName = (name) => {
    if (unsafe[name]) throw new ExpressionError('expression_forbidden', `Cannot access "${name}" due to security concerns`);
    return name;
  };
  const checkedKey = (key) => {
    if (typeof key === 'number' || typeof key === 'symbol') return key;
    return kit.checkName(typeof key === 'string' ? key : String(key));
  };

  const global = globalThis;
  const hideGlobal = (value) => (value === global ? undefined : value);
  const cut = (value, then) => (value === undefined || value === null ? undefined : then(value));
  const cutMethod = (object, key, then) => {
    const method = object[checkedKey(key)];
    return method === undefined || method === null ? undefined : then(object, method);
  };

  // In the order of the parameters with which expressions are compiled. The scope and the dispatcher are made by other parts.
  kit.compileWith = (Scope, extend) => {
    kit.helpers = [Scope, extend, checkedKey, hideGlobal, cut, cutMethod, kit.checkedLength];
  };

  // Lists of the engine. The handler converts elements when they are read; whatever else is done with the list makes a real array of it,
  // and the handler forgets its traps.
  const handlers = new WeakMap();
  const forward = Object.freeze(Object.create(null));
  const element = host.element;

  class ListHandler {
    constructor(list, length) {
      this.list = list;
      this.length = length;
      this.read = undefined;
    }

    at(index) {
      const read = (this.read ??= new Map());
      if (read.has(index)) return read.get(index);
      const value = element(this.list, index);
      read.set(index, value);
      return value;
    }

    fill(target) {
      const { length, read } = this;
      target.length = 0;
      for (let index = 0; index < length; index += 1) target.push(read !== undefined && read.has(index) ? read.get(index) : element(this.list, index));
      this.list = undefined;
      this.read = undefined;
      setPrototypeOf(this, forward);
    }

    get(target, key) {
      if (key === 'length') return this.length;
      if (typeof key === 'string') {
        const index = key >>> 0;
        if (String(index) === key) return index < this.length ? this.at(index) : undefined;
      }
      this.fill(target);
      return target[key];
    }

    has(target, key) {
      this.fill(target);
      return key in target;
    }

    set(target, key, value) {
      this.fill(target);
      target[key] = value;
      return true;
    }

    deleteProperty(target, key) {
      this.fill(target);
      return delete target[key];
    }

    defineProperty(target, key, descriptor) {
      this.fill(target);
      defineProperty(target, key, descriptor);
      return true;
    }

    ownKeys(target) {
      this.fill(target);
      return getOwnPropertyNames(target);
    }

    getOwnPropertyDescriptor(target, key) {
      this.fill(target);
      return getOwnPropertyDescriptor(target, key);
    }
  }

  kit.wrapList = (list, length) => {
    const handler = new ListHandler(list, length);
    const proxy = new Proxy([], handler);
    handlers.set(proxy, handler);
    return proxy;
  };
  kit.untouchedList = (proxy) => {
    const handler = handlers.get(proxy);
    return handler !== undefined && handler.read === undefined ? handler.list : undefined;
  };

  // What Rust asks when it reads a value.
  kit.isArray = isArray;
  kit.hasOwn = Object.hasOwn;
  const { toWellFormed } = String.prototype;
  kit.wellFormed = (text) => toWellFormed.call(text);
  kit.unbox = (object) => {
    if (object instanceof Map || object instanceof Set || object instanceof RegExp) return {};
    if (object instanceof String || object instanceof Number || object instanceof Boolean) return object.valueOf();
    return undefined;
  };
  kit.mark = (object) => {
    if (object instanceof Date) return { $date: Number.isNaN(object.getTime()) ? null : object.toISOString() };
    if (object instanceof RegExp) return { $regex: String(object) };
    return kit.markDate === undefined ? undefined : kit.markDate(object);
  };
  kit.objectPrototype = Object.prototype;
  kit.lazyPrototype = Object.freeze(Object.create(Object.prototype));
  kit.setPrototypeOf = setPrototypeOf;
});
