// Why a text is no JSON, in the words of n8n's engine: workflows show them to people, most of all where a language model answered.
(function (host, kit) {
  'use strict';

  // Why a text is no JSON; undefined where it is some.
  const whyNoJson = (source) => {
    const special = ['NaN', 'Infinity', 'undefined', '[object Object]'];
    let at = 0;
    const stop = (message) => {
      throw message;
    };
    const here = (message) => stop(`${message} in JSON at position ${at}`);
    const unexpected = () => {
      if (special.includes(source)) stop(`"${source}" is not valid JSON`);
      if (at >= source.length) stop('Unexpected end of JSON input');
      if (source[at] === '"') here('Unexpected string');
      if (source[at] === '-' || isDigit()) here('Unexpected number');
      const from = source.length > 20 && at >= 10 ? at - 10 : 0;
      const to = source.length > 20 && at < source.length - 10 ? at + 10 : source.length;
      const shown = `${from > 0 ? '...' : ''}"${source.slice(from, to)}"${to < source.length ? '...' : ''}`;
      stop(`Unexpected token '${source[at]}', ${shown} is not valid JSON`);
    };
    const blanks = () => {
      while (at < source.length && ' \t\n\r'.includes(source[at])) at += 1;
    };
    const isDigit = () => source[at] >= '0' && source[at] <= '9';
    const digits = (message) => {
      if (!isDigit()) here(message);
      while (isDigit()) at += 1;
    };
    const number = () => {
      if (source[at] === '-') {
        at += 1;
        if (!isDigit()) here('No number after minus sign');
      }
      if (source[at] === '0') {
        at += 1;
        if (isDigit()) here('Unexpected number');
      } else digits('');
      if (source[at] === '.') {
        at += 1;
        digits('Unterminated fractional number');
      }
      if (source[at] === 'e' || source[at] === 'E') {
        at += 1;
        if (source[at] === '+' || source[at] === '-') at += 1;
        digits('Exponent part is missing a number');
      }
    };
    const escape = () => {
      at += 1;
      if (source[at] === 'u') {
        for (let left = 4; left > 0; left -= 1) {
          at += 1;
          if (!/[0-9a-f]/i.test(source[at] ?? '')) here('Bad Unicode escape');
        }
      } else if (at >= source.length) unexpected();
      else if (!'"\\/bfnrt'.includes(source[at])) here('Bad escaped character');
      at += 1;
    };
    const text = () => {
      at += 1;
      while (source[at] !== '"') {
        if (at >= source.length) here('Unterminated string');
        else if (source[at] === '\\') escape();
        else if (source[at] < ' ') here('Bad control character in string literal');
        else at += 1;
      }
      at += 1;
    };
    const word = (wanted) => {
      for (const letter of wanted) {
        if (source[at] !== letter) unexpected();
        at += 1;
      }
    };
    const parts = (close, part, message) => {
      for (;;) {
        part();
        blanks();
        if (source[at] === close) break;
        if (source[at] !== ',') here(message);
        at += 1;
        blanks();
      }
      at += 1;
    };
    const field = (message) => {
      if (source[at] !== '"') here(message);
      text();
      blanks();
      if (source[at] !== ':') here("Expected ':' after property name");
      at += 1;
      value();
    };
    const object = () => {
      at += 1;
      blanks();
      let message = "Expected property name or '}'";
      const next = () => {
        field(message);
        message = 'Expected double-quoted property name';
      };
      if (source[at] === '}') at += 1;
      else parts('}', next, "Expected ',' or '}' after property value");
    };
    const list = () => {
      at += 1;
      blanks();
      if (source[at] === ']') at += 1;
      else parts(']', value, "Expected ',' or ']' after array element");
    };
    const value = () => {
      blanks();
      if (source[at] === '{') object();
      else if (source[at] === '[') list();
      else if (source[at] === '"') text();
      else if (source[at] === '-' || isDigit()) number();
      else if (source[at] === 't') word('true');
      else if (source[at] === 'f') word('false');
      else if (source[at] === 'n') word('null');
      else unexpected();
    };
    try {
      value();
      blanks();
      return at < source.length ? `Unexpected non-whitespace character after JSON at position ${at}` : undefined;
    } catch (message) {
      return typeof message === 'string' ? message : undefined;
    }
  };

  kit.whyNoJson = whyNoJson;
});
