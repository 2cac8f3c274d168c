// Extension functions of numbers and booleans.
(function (host, kit) {
  'use strict';

  const { fail } = kit;
  const { number: functions, boolean } = kit.extensions;

  functions.ceil = (value) => Math.ceil(value);
  functions.floor = (value) => Math.floor(value);
  functions.abs = (value) => Math.abs(value);
  functions.round = (value, [places = 0]) => Number(value.toFixed(places));
  functions.format = (value, [locale, options]) => kit.need('intl').formatNumber(value, typeof locale === 'string' || Array.isArray(locale) ? locale : 'en-US', options);
  const whole = (name) => (value) => (Number.isInteger(value) ? value : fail(`${name}() is only callable on integers`));
  functions.isInteger = (value) => Number.isInteger(value);
  functions.isEven = (value) => whole('isEven')(value) % 2 === 0;
  functions.isOdd = (value) => Math.abs(whole('isOdd')(value)) % 2 === 1;
  functions.toBoolean = (value) => value !== 0;
  functions.toInt = (value) => Number(value.toFixed(0));
  functions.toFloat = (value) => value;
  functions.toDateTime = (value, [format = 'ms']) => {
    const { DateTime } = kit.need('luxon');
    switch (format) {
      case 'ms':
        return DateTime.fromMillis(value);
      case 's':
        return DateTime.fromSeconds(value);
      case 'us':
        return DateTime.fromMillis(Math.floor(value / 1000));
      case 'excel':
        return DateTime.fromMillis(Math.round((value - 25569) * 86400000));
      default:
        return fail(`Unsupported format '${String(format)}'. toDateTime() supports 'ms', 's', 'us' and 'excel'.`);
    }
  };

  boolean.toBoolean = (value) => value;
  boolean.toInt = (value) => (value ? 1 : 0);
  boolean.toFloat = boolean.toInt;
  boolean.toNumber = boolean.toInt;
  boolean.toDateTime = () => undefined;
});
