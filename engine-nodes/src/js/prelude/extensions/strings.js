// Extension functions of strings. Each takes the string and the list of the call's arguments.
(function (host, kit) {
  'use strict';

  const { fail } = kit;
  const functions = (kit.extensions = { array: {}, date: {}, number: {}, object: {}, string: {}, boolean: {} }).string;

  const algorithms = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sha3'];
  functions.hash = (text, [algorithm]) => {
    // What is no text has no lower case: the error makes the expression undefined.
    const name = (algorithm ?? 'md5').toLowerCase();
    if (name === 'base64') return host.base64Encode(text);
    if (!algorithms.includes(name)) fail(`Unknown algorithm ${algorithm}. Available algorithms are: ${algorithms.join()}, and Base64.`);
    return host.hash(name, text);
  };
  functions.base64Encode = (text) => host.base64Encode(text);
  functions.base64Decode = (text) => host.base64Decode(text);

  // Markdown is taken away step by step, in n8n's order: what one step leaves is what the next one sees.
  const markdown = [
    [/^([\s\t]*)([*\-+]|\d\.)\s+/gm, '$1'], // list marks
    [/\n={2,}/g, '\n'], // headings underlined with equals signs
    [/~~/g, ''], // strikethrough
    [/`{3}.*\n/g, ''], // fences
    [/<[\w\s|='":(),;/.-]+[>|\\]/g, ''], // tags, as far as they hold nothing unusual
    [/^[=-]{2,}\s*$/g, ''], // headings underlined
    [/\[\^.+?\](: .*?$)?/g, ''], // footnotes
    [/\s{0,2}\[.*?\]: .*?$/g, ''], // targets of references
    [/!\[.*?\][[(].*?[\])]/g, ''], // images
    [/\[(.*?)\][[(].*?[\])]/g, '$1'], // links
    [/>/g, ''], // quotations, and whatever else looks like one
    [/^\s{1,2}\[(.*?)\]: (\S+)( ".*?")?\s*$/g, ''],
    [/^#{1,6}\s*([^#]*)\s*(#{1,6})?/gm, '$1'], // headings
    [/([*_]{1,3})(\S.*?\S)\1/g, '$2'], // emphasis
    [/(`{3,})(.*?)\1/gm, '$2'],
    [/^-{3,}\s*$/g, ''], // rules
    [/`(.+?)`/g, '$1'], // code
    [/\n{2,}/g, '\n\n'],
  ];
  functions.removeMarkdown = (text) => markdown.reduce((rest, [pattern, kept]) => rest.replace(pattern, kept), text);
  functions.removeTags = (text) => text.replace(/<[^>]*>?/gm, '');

  // Conversions.
  functions.toBoolean = (text) => !['', 'false', 'no', '0'].includes(text.toLowerCase());
  // The signs of currencies, as xe.com lists them; some are letters.
  const signs =
    'Lek|؋|$|ƒ|₼|Br|BZ$|$b|KM|P|лв|R$|៛|¥|₡|kn|₱|Kč|kr|RD$|£|€|¢|Q|L|Ft|₹|Rp|﷼|₪|J$|₩|₭|ден|RM|₨|₮|MT|C$|₦|B/.|Gs|S/.|zł|lei|₽|Дин.|S|R|CHF|NT$|฿|TT$|₺|₴|$U|Bs|₫|Z$';
  const sign = new RegExp(signs.replace(/[$.]/g, '\\$&'), 'gu');
  const amount = (text) => text.replace(sign, '');
  const number = (value, message) => (Number.isNaN(value) ? fail(message) : value);
  functions.toNumber = (text) => number(Number(amount(text)), 'cannot convert to number');
  functions.toFloat = (text) => {
    if (text.includes(',')) fail('cannot convert to float, expected . as decimal separator');
    return number(parseFloat(amount(text)), 'cannot convert to float');
  };
  functions.toDecimalNumber = functions.toFloat;
  functions.toInt = (text, [radix]) => number(parseInt(amount(text), radix), 'cannot convert to integer');
  functions.toWholeNumber = functions.toInt;
  functions.toDate = (text) => {
    const date = new Date(Date.parse(text));
    if (Number.isNaN(date.getTime())) fail('cannot convert to date');
    if (!text.includes(':')) date.setHours(0, 0, 0);
    return date;
  };
  functions.toDateTime = (text, [format]) => {
    const { DateTime, parseDate } = kit.need('luxon');
    if (['ms', 's', 'us', 'excel'].includes(format)) return kit.extensions.number.toDateTime(Number(text), [format]);
    if (format && typeof format !== 'string') fail('cannot convert to Luxon DateTime');
    return format ? DateTime.fromFormat(text, format) : (parseDate(text) ?? fail('cannot convert to Luxon DateTime'));
  };
  functions.toJsonString = (text) => JSON.stringify(text);
  functions.parseJson = (text) => {
    try {
      return JSON.parse(text);
    } catch (error) {
      const hint = text.includes("'") ? ". Check you're using double quotes" : '';
      return fail(`Parsing failed${hint}`);
    }
  };

  // Spelling.
  functions.toSentenceCase = (text) => {
    let rest = text;
    let done = '';
    for (;;) {
      const letter = rest.search(/\p{L}/u);
      if (letter === -1) return done + rest;
      const point = String.fromCodePoint(rest.codePointAt(letter));
      rest = rest.slice(0, letter) + point.toUpperCase() + rest.slice(letter + point.length).toLowerCase();
      const end = rest.search(/[!?.]/);
      if (end === -1) return done + rest;
      done += rest.slice(0, end + 1);
      rest = rest.slice(end + 1);
    }
  };
  functions.toSnakeCase = (text) =>
    text
      .toLowerCase()
      .replace(/[ -]/g, '_')
      .replace(/[\u2000-\u206f\u2e00-\u2e7f\\!"#$%&'()*+,./:;<=>?@[\]^`{|}~]/g, '');
  const small =
    /^(?:an?d?|a[st]|because|but|by|en|for|i[fn]|neither|nor|o[fnr]|only|over|per|so|some|tha[tn]|the|to|up|upon|vs?\.?|versus|via|when|with|without|yet)$/i;
  functions.toTitleCase = (text) =>
    text.replace(/[^\s:–—-]+|./g, (word, at) => {
      const end = at + word.length;
      const spelled = /.(?=[A-Z]|\..)/.test(word);
      const inside = at > 0 && end < text.length;
      const address = text[end] === ':' && !/\s/.test(text[end + 1] ?? '');
      if (spelled || address || (inside && small.test(word))) return word;
      return word.replace(/[A-Za-z0-9\u00C0-\u00FF]/, (letter) => letter.toUpperCase());
      // Line breaks get lost, as in n8n.
    }).replace(/[\n\r]/g, '');
  // The mark is looked for as a pattern that begins with a backslash: `b` stands for the ends of words.
  functions.quote = (text, [mark = '"']) => mark + text.replaceAll('\\', '\\\\').replace(new RegExp(`\\${mark}`, 'g'), `\\${mark}`) + mark;
  functions.replaceSpecialChars = (text) => host.transliterate(text.replaceAll('€', 'EU'));
  functions.length = (text) => text.length;
  functions.urlDecode = (text, [whole = false]) => (whole ? decodeURI(text) : decodeURIComponent(text));
  functions.urlEncode = (text, [whole = false]) => (whole ? encodeURI(text) : encodeURIComponent(text));

  // Questions.
  const site = '(?:[-\\w]+\\.)+(?:[a-z]{2,}|xn--[a-z0-9]+)|localhost|\\d{1,3}(?:\\.\\d{1,3}){3}';
  const place = `(${site})(?::\\d+)?(?:/[^\\s?]*)?(?:\\?[^\\s#]*)?(?:#\\S*)?`;
  const domain = new RegExp(`^${place}$`, 'i');
  const address = new RegExp(`^(?:(?:https?|ftp)://)?(?:mailto:)?(?://)?${place}$`, 'i');
  const url = `(?:https?|ftp)://(?:${site})(?::\\d+)?(?:/[^\\s?#]*)?(?:\\?[^\\s#]*)?\\S*`;
  const [anyUrl, wholeUrl] = [new RegExp(url, 'i'), new RegExp(`^${url}$`, 'i')];
  const atom = '[^<>()[\\]\\\\.,;:\\s@"]+';
  const mail = new RegExp(`(?:${atom}(?:\\.${atom})*|".+")@(\\[\\d{1,3}(?:\\.\\d{1,3}){3}\\]|(?:[a-zA-Z\\d-]+\\.)+[a-zA-Z]{2,})`);
  functions.isDomain = (text) => domain.test(text);
  // Whoever has an address in it and no blank passes.
  functions.isEmail = (text) => !text.includes(' ') && mail.test(text);
  functions.isNumeric = (text) => !text.includes(' ') && !Number.isNaN(Number(text)) && !Number.isNaN(parseFloat(text));
  functions.isUrl = (text) => wholeUrl.test(text);
  functions.isEmpty = (text) => text === '';
  functions.isNotEmpty = (text) => text !== '';

  // Parts.
  functions.extractEmail = (text) => text.match(mail)?.[0];
  functions.extractDomain = (text) => (functions.isEmail(text) ? text.match(mail) : text.match(address))?.[1];
  functions.extractUrl = (text) => text.match(anyUrl)?.[0];
  functions.extractUrlPath = (text) => host.parseUrl(text)?.pathname;
});
