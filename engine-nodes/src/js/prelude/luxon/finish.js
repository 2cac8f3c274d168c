// Luxon is complete: what scripts share of it is made unchangeable.
(function (host, kit) {
  'use strict';

  for (const part of [kit.DateTime, kit.Duration, kit.Interval, kit.luxon]) kit.freezeAll(part);
});
