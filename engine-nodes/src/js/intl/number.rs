//! Numbers.

use super::locale::{CurrencyPlace, Locale};

/// How a number is written.
#[derive(Clone, Debug)]
pub(in crate::js) struct NumberOptions {
    pub(in crate::js) style: NumberStyle,
    pub(in crate::js) least_integer: usize,
    pub(in crate::js) least_fraction: Option<usize>,
    pub(in crate::js) most_fraction: Option<usize>,
    pub(in crate::js) least_significant: Option<usize>,
    pub(in crate::js) most_significant: Option<usize>,
    pub(in crate::js) grouping: Grouping,
    pub(in crate::js) sign: SignDisplay,
    /// `1.2K`; true for `1.2 thousand`.
    pub(in crate::js) compact: Option<bool>,
}

/// What a number is an amount of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::js) enum NumberStyle {
    Decimal,
    Percent,
    /// The code of the currency, and how it is shown.
    Currency(String, CurrencyDisplay),
    /// The unit, in the words of ECMA-402, and the width of its name.
    Unit(String, UnitDisplay),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::js) enum CurrencyDisplay {
    Symbol,
    NarrowSymbol,
    Code,
    Name,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::js) enum UnitDisplay {
    Long,
    Short,
    Narrow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::js) enum Grouping {
    Never,
    Always,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::js) enum SignDisplay {
    Auto,
    Always,
    Never,
    ExceptZero,
}

impl Default for NumberOptions {
    fn default() -> Self {
        Self {
            style: NumberStyle::Decimal,
            least_integer: 1,
            least_fraction: None,
            most_fraction: None,
            least_significant: None,
            most_significant: None,
            grouping: Grouping::Always,
            sign: SignDisplay::Auto,
            compact: None,
        }
    }
}

/// A number as a locale writes it.
pub(in crate::js) fn format_number(number: f64, locale: &Locale, options: &NumberOptions) -> String {
    let scaled = if options.style == NumberStyle::Percent { number * 100.0 } else { number };
    let (scaled, suffix) = match options.compact {
        Some(long) if scaled.is_finite() => compacted(scaled, long),
        _ => (scaled, ""),
    };
    let digits = if scaled.is_finite() { digits(scaled.abs(), options) } else { Digits::default() };
    let body = if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        "∞".to_owned()
    } else {
        digits.write(locale, options)
    };
    let is_zero = number.is_finite() && body.chars().all(|c| !c.is_ascii_digit() || c == '0');
    let negative = number.is_sign_negative() && !number.is_nan();
    let sign = match options.sign {
        SignDisplay::Never => "",
        SignDisplay::ExceptZero if is_zero => "",
        _ if negative => "-",
        SignDisplay::Always | SignDisplay::ExceptZero => "+",
        SignDisplay::Auto => "",
    };
    dressed(&format!("{body}{suffix}"), sign, scaled, (locale, options))
}

/// With the sign and what the number is an amount of.
fn dressed(body: &str, sign: &str, number: f64, (locale, options): (&Locale, &NumberOptions)) -> String {
    match &options.style {
        NumberStyle::Decimal => format!("{sign}{body}"),
        NumberStyle::Percent => format!("{sign}{body}{}%", locale.percent_gap),
        NumberStyle::Unit(unit, display) => format!("{sign}{body}{}", unit_suffix(unit, *display, number)),
        NumberStyle::Currency(code, CurrencyDisplay::Name) => format!("{sign}{body} {}", currency_name(code, number)),
        NumberStyle::Currency(code, display) => {
            let symbol = if *display == CurrencyDisplay::Code { code.clone() } else { symbol(code, locale, *display) };
            let lettered = symbol.chars().last().is_some_and(char::is_alphabetic);
            match locale.currency {
                CurrencyPlace::Before if lettered => format!("{sign}{symbol}\u{a0}{body}"),
                CurrencyPlace::Before => format!("{sign}{symbol}{body}"),
                CurrencyPlace::BeforeWithGap => format!("{sign}{symbol}\u{a0}{body}"),
                CurrencyPlace::AfterWithGap => format!("{sign}{body}\u{a0}{symbol}"),
            }
        }
    }
}

/// The digits of a number before and behind its point.
#[derive(Debug, Default)]
struct Digits {
    integer: String,
    fraction: String,
}

/// Rounds, half away from zero, to the digits that are asked for.
fn digits(number: f64, options: &NumberOptions) -> Digits {
    // The shortest digits that stand for the number, as JavaScript shows it.
    let shortest = format!("{number:e}");
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
    let point = exponent.parse::<i64>().unwrap_or_default() + 1;
    let compact = options.compact.is_some() && options.most_fraction.is_none() && options.most_significant.is_none();
    let (least, most) = fraction_digits(options);
    let (least_fraction, keep) = match (options.least_significant, options.most_significant) {
        (None, None) if compact => (0, if point >= 2 { point } else { 2 }),
        (None, None) => (least, point + whole(most)),
        (from, to) => {
            let from = from.unwrap_or(1);
            (usize::try_from(whole(from) - point).unwrap_or_default(), whole(to.unwrap_or(21).max(from)))
        }
    };
    let (digits, point) = rounded(digits, point, keep);
    let at = |index: i64| usize::try_from(index).ok().and_then(|index| digits.get(index)).copied().unwrap_or_default();
    let text = |range: std::ops::Range<i64>| range.map(|index| char::from(b'0' + at(index))).collect::<String>();
    let integer = text(0..point.max(0));
    let fraction = text(point.min(0)..0).replace(|_| true, "0") + &text(point.max(0)..whole(digits.len()));
    let integer = format!("{integer:0>width$}", width = options.least_integer);
    let mut fraction = fraction.trim_end_matches('0').to_owned();
    while fraction.len() < least_fraction {
        fraction.push('0');
    }
    Digits { integer, fraction }
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The least and the most digits behind the point.
fn fraction_digits(options: &NumberOptions) -> (usize, usize) {
    let (least, most) = match &options.style {
        NumberStyle::Currency(code, _) => (currency_digits(code), currency_digits(code)),
        NumberStyle::Percent => (0, 0),
        _ => (0, 3),
    };
    match (options.least_fraction, options.most_fraction) {
        (Some(from), Some(to)) => (from.min(to), to),
        (Some(from), None) => (from, most.max(from)),
        (None, Some(to)) => (least.min(to), to),
        (None, None) => (least, most),
    }
}

/// Keeps so many of the digits; gives them and where the point stands.
fn rounded(mut digits: Vec<u8>, point: i64, keep: i64) -> (Vec<u8>, i64) {
    let Ok(keep) = usize::try_from(keep) else { return (Vec::new(), point.min(0)) };
    if keep >= digits.len() {
        return (digits, point);
    }
    let up = digits.get(keep).is_some_and(|digit| *digit >= 5);
    digits.truncate(keep);
    if !up {
        return (digits, point);
    }
    for digit in digits.iter_mut().rev() {
        if *digit < 9 {
            *digit += 1;
            return (digits, point);
        }
        *digit = 0;
    }
    digits.insert(0, 1);
    (digits, point + 1)
}

impl Digits {
    fn write(&self, locale: &Locale, options: &NumberOptions) -> String {
        let mut text = match options.grouping {
            Grouping::Always => grouped(&self.integer, locale),
            Grouping::Never => self.integer.clone(),
        };
        if !self.fraction.is_empty() {
            text.push_str(locale.decimal);
            text.push_str(&self.fraction);
        }
        text
    }
}

fn grouped(integer: &str, locale: &Locale) -> String {
    let length = integer.len();
    if length < 3 + locale.group_from {
        return integer.to_owned();
    }
    let begins =
        |from_end: usize| if locale.lakh { from_end == 3 || from_end > 3 && (from_end - 3).is_multiple_of(2) } else { from_end.is_multiple_of(3) };
    let mut text = String::new();
    for (at, digit) in integer.chars().enumerate() {
        if at > 0 && begins(length - at) {
            text.push_str(locale.group);
        }
        text.push(digit);
    }
    text
}

/// A number in thousands, millions and so on, and the word for them.
fn compacted(number: f64, long: bool) -> (f64, &'static str) {
    let steps = [(1e12, "T", " trillion"), (1e9, "B", " billion"), (1e6, "M", " million"), (1e3, "K", " thousand")];
    let found = steps.into_iter().find(|(size, ..)| number.abs() >= *size * 0.9995);
    found.map_or((number, ""), |(size, short, words)| (number / size, if long { words } else { short }))
}

fn currency_digits(code: &str) -> usize {
    match code {
        "JPY" | "KRW" | "VND" | "CLP" | "ISK" | "PYG" | "UGX" | "XAF" | "XOF" | "XPF" | "RWF" | "KMF" | "GNF" | "DJF" | "BIF" | "VUV" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// Signs of currencies, and where a sign is enough that elsewhere needs a letter before it.
const SYMBOLS: &[(&str, &str, &str)] = &[
    ("USD", "$", "$"),
    ("EUR", "€", "€"),
    ("GBP", "£", "£"),
    ("JPY", "¥", "¥"),
    ("INR", "₹", "₹"),
    ("CNY", "CN¥", "¥"),
    ("KRW", "₩", "₩"),
    ("BRL", "R$", "R$"),
    ("CAD", "CA$", "$"),
    ("AUD", "A$", "$"),
    ("MXN", "MX$", "$"),
    ("NZD", "NZ$", "$"),
    ("HKD", "HK$", "$"),
    ("TWD", "NT$", "$"),
    ("ILS", "₪", "₪"),
    ("VND", "₫", "₫"),
    ("XAF", "FCFA", "FCFA"),
    ("PHP", "₱", "₱"),
];

fn symbol(code: &str, locale: &Locale, display: CurrencyDisplay) -> String {
    let Some((_, wide, narrow)) = SYMBOLS.iter().find(|(known, ..)| *known == code) else { return code.to_owned() };
    (if display == CurrencyDisplay::NarrowSymbol || !locale.is_english() && code == "JPY" { narrow } else { wide }).to_string()
}

/// One, and minus one, are singular.
fn is_one(number: f64) -> bool {
    (number.abs() - 1.0).abs() < f64::EPSILON
}

fn currency_name(code: &str, number: f64) -> String {
    let one = is_one(number);
    let (single, several) = match code {
        "USD" => ("US dollar", "US dollars"),
        "EUR" => ("euro", "euros"),
        "GBP" => ("British pound", "British pounds"),
        "JPY" => ("Japanese yen", "Japanese yen"),
        "INR" => ("Indian rupee", "Indian rupees"),
        "CAD" => ("Canadian dollar", "Canadian dollars"),
        "AUD" => ("Australian dollar", "Australian dollars"),
        "BRL" => ("Brazilian real", "Brazilian reals"),
        "CHF" => ("Swiss franc", "Swiss francs"),
        _ => (code, code),
    };
    (if one { single } else { several }).to_owned()
}

/// Units: the long name of one, the short name of one and of several, the narrow sign.
const UNITS: &[(&str, &str, &str, &str, &str)] = &[
    ("year", "year", "yr", "yrs", "y"),
    ("quarter", "quarter", "qtr", "qtrs", "q"),
    ("month", "month", "mth", "mths", "m"),
    ("week", "week", "wk", "wks", "w"),
    ("day", "day", "day", "days", "d"),
    ("hour", "hour", "hr", "hr", "h"),
    ("minute", "minute", "min", "min", "m"),
    ("second", "second", "sec", "sec", "s"),
    ("millisecond", "millisecond", "ms", "ms", "ms"),
    ("kilometer", "kilometer", "km", "km", "km"),
    ("meter", "meter", "m", "m", "m"),
    ("mile", "mile", "mi", "mi", "mi"),
    ("kilogram", "kilogram", "kg", "kg", "kg"),
    ("gram", "gram", "g", "g", "g"),
    ("liter", "liter", "L", "L", "L"),
    ("byte", "byte", "byte", "byte", "B"),
    ("kilobyte", "kilobyte", "kB", "kB", "kB"),
    ("megabyte", "megabyte", "MB", "MB", "MB"),
    ("gigabyte", "gigabyte", "GB", "GB", "GB"),
    ("percent", "percent", "%", "%", "%"),
    ("celsius", "degree Celsius", "°C", "°C", "°C"),
    ("fahrenheit", "degree Fahrenheit", "°F", "°F", "°"),
];

fn unit_suffix(unit: &str, display: UnitDisplay, number: f64) -> String {
    let one = is_one(number);
    let Some((_, long, short, shorts, narrow)) = UNITS.iter().find(|(known, ..)| *known == unit) else { return format!(" {unit}") };
    match display {
        UnitDisplay::Long if one => format!(" {long}"),
        UnitDisplay::Long if long.starts_with("degree") => format!(" {}", long.replacen("degree", "degrees", 1)),
        UnitDisplay::Long if *long == "percent" => format!(" {long}"),
        UnitDisplay::Long => format!(" {long}s"),
        UnitDisplay::Short if short.starts_with(['°', '%']) => (*short).to_owned(),
        UnitDisplay::Short => format!(" {}", if one { short } else { shorts }),
        UnitDisplay::Narrow => (*narrow).to_owned(),
    }
}
