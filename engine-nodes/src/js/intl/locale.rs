//! What is known of locales.

/// Marks and patterns of a locale.
#[derive(Debug)]
pub(in crate::js) struct Locale {
    tag: &'static str,
    pub(super) decimal: &'static str,
    pub(super) group: &'static str,
    /// Groups begin when there are at least this many digits before the last group.
    pub(super) group_from: usize,
    /// Hundreds of thousands are grouped by two digits.
    pub(super) lakh: bool,
    /// What stands between a number and the percent sign.
    pub(super) percent_gap: &'static str,
    pub(super) currency: CurrencyPlace,
    /// Date in numbers: `{d}`, `{dd}`, `{M}`, `{MM}`, `{y}`.
    pub(super) numeric: &'static str,
    /// The same with a year of two digits, for the short style.
    pub(super) short: &'static str,
    /// Day and month without a year, in numbers.
    pub(super) day_month: &'static str,
    /// Date with the month in words: `{d}`, `{M}`, `{y}`.
    pub(super) words: &'static str,
    pub(super) words_without_year: &'static str,
    pub(super) words_without_day: &'static str,
    /// Between the day of the week and a date in words.
    pub(super) weekday_gap: &'static str,
    /// Between date and time.
    pub(super) time_gap: &'static str,
    /// The same when the month is written out.
    pub(super) long_time_gap: &'static str,
    pub(super) twelve_hours: bool,
    /// Hours are written with two digits.
    pub(super) two_digit_hours: bool,
}

/// Where the sign of a currency stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CurrencyPlace {
    Before,
    BeforeWithGap,
    AfterWithGap,
}

const NBSP: &str = "\u{a0}";
const NARROW: &str = "\u{202f}";

const ENGLISH_US: Locale = Locale {
    tag: "en-US",
    decimal: ".",
    group: ",",
    group_from: 1,
    lakh: false,
    percent_gap: "",
    currency: CurrencyPlace::Before,
    numeric: "{M}/{d}/{y}",
    short: "{M}/{d}/{yy}",
    day_month: "{M}/{d}",
    words: "{M} {d}, {y}",
    words_without_year: "{M} {d}",
    words_without_day: "{M} {y}",
    weekday_gap: ", ",
    time_gap: ", ",
    long_time_gap: " at ",
    twelve_hours: true,
    two_digit_hours: false,
};

const ENGLISH_GB: Locale = Locale {
    tag: "en-GB",
    numeric: "{dd}/{MM}/{y}",
    short: "{dd}/{MM}/{y}",
    day_month: "{dd}/{MM}",
    words: "{d} {M} {y}",
    words_without_year: "{d} {M}",
    twelve_hours: false,
    two_digit_hours: true,
    ..ENGLISH_US
};

/// What most of Europe has in common.
const EUROPEAN: Locale = Locale {
    tag: "",
    decimal: ",",
    group: ".",
    percent_gap: NBSP,
    currency: CurrencyPlace::AfterWithGap,
    weekday_gap: " ",
    time_gap: ", ",
    long_time_gap: ", ",
    ..ENGLISH_GB
};

const GERMAN: Locale = Locale {
    tag: "de",
    numeric: "{d}.{M}.{y}",
    short: "{dd}.{MM}.{yy}",
    day_month: "{d}.{M}.",
    words: "{d}. {M} {y}",
    words_without_year: "{d}. {M}",
    weekday_gap: ", ",
    long_time_gap: " um ",
    ..EUROPEAN
};

const FRENCH: Locale =
    Locale { tag: "fr", group: NARROW, percent_gap: NARROW, short: "{dd}/{MM}/{y}", time_gap: " ", long_time_gap: " à ", ..EUROPEAN };

const SPANISH: Locale = Locale {
    tag: "es",
    group_from: 2,
    numeric: "{d}/{M}/{y}",
    short: "{d}/{M}/{yy}",
    day_month: "{d}/{M}",
    words: "{d} de {M} de {y}",
    words_without_year: "{d} de {M}",
    words_without_day: "{M} de {y}",
    weekday_gap: ", ",
    two_digit_hours: false,
    ..EUROPEAN
};

const PORTUGUESE: Locale = Locale {
    tag: "pt",
    percent_gap: "",
    currency: CurrencyPlace::BeforeWithGap,
    words: "{d} de {M} de {y}",
    words_without_year: "{d} de {M}",
    words_without_day: "{M} de {y}",
    weekday_gap: ", ",
    long_time_gap: " às ",
    ..EUROPEAN
};

const DUTCH: Locale = Locale {
    tag: "nl",
    percent_gap: "",
    currency: CurrencyPlace::BeforeWithGap,
    numeric: "{d}-{M}-{y}",
    short: "{dd}-{MM}-{y}",
    day_month: "{d}-{M}",
    long_time_gap: " om ",
    ..EUROPEAN
};

const ITALIAN: Locale = Locale {
    tag: "it",
    percent_gap: "",
    numeric: "{d}/{M}/{y}",
    short: "{dd}/{MM}/{yy}",
    day_month: "{d}/{M}",
    long_time_gap: " alle ore ",
    ..EUROPEAN
};

const POLISH: Locale = Locale {
    tag: "pl",
    group: NBSP,
    group_from: 2,
    percent_gap: "",
    numeric: "{d}.{MM}.{y}",
    short: "{d}.{MM}.{y}",
    day_month: "{d}.{MM}",
    weekday_gap: ", ",
    long_time_gap: " ",
    ..EUROPEAN
};

const SWEDISH: Locale = Locale {
    tag: "sv",
    group: NBSP,
    numeric: "{y}-{MM}-{dd}",
    short: "{y}-{MM}-{dd}",
    day_month: "{d}/{M}",
    time_gap: " ",
    long_time_gap: " kl. ",
    ..EUROPEAN
};

const EAST_ASIAN: Locale = Locale {
    tag: "zh",
    numeric: "{y}/{M}/{d}",
    short: "{y}/{M}/{d}",
    words: "{y}年{M}{d}日",
    words_without_year: "{M}{d}日",
    words_without_day: "{y}年{M}",
    time_gap: " ",
    long_time_gap: " ",
    twelve_hours: false,
    two_digit_hours: true,
    ..ENGLISH_US
};

static LOCALES: &[Locale] = &[
    ENGLISH_GB,
    Locale { tag: "en-CA", numeric: "{y}-{MM}-{dd}", short: "{y}-{MM}-{dd}", day_month: "{MM}-{dd}", ..ENGLISH_US },
    Locale {
        tag: "en-IN",
        lakh: true,
        numeric: "{d}/{M}/{y}",
        short: "{dd}/{MM}/{yy}",
        day_month: "{d}/{M}",
        words: "{d} {M} {y}",
        words_without_year: "{d} {M}",
        ..ENGLISH_US
    },
    Locale { tag: "en-AU", short: "{d}/{M}/{yy}", twelve_hours: true, two_digit_hours: false, ..ENGLISH_GB },
    Locale { tag: "en-NZ", numeric: "{d}/{MM}/{y}", short: "{d}/{MM}/{yy}", twelve_hours: true, two_digit_hours: false, ..ENGLISH_GB },
    Locale { tag: "en-IE", numeric: "{d}/{M}/{y}", ..ENGLISH_GB },
    Locale { tag: "en-ZA", decimal: ",", group: NBSP, numeric: "{y}/{MM}/{dd}", short: "{y}/{MM}/{dd}", ..ENGLISH_GB },
    Locale { tag: "de-CH", decimal: ".", group: "’", percent_gap: "", currency: CurrencyPlace::BeforeWithGap, ..GERMAN },
    Locale { tag: "de-AT", group: NBSP, currency: CurrencyPlace::BeforeWithGap, ..GERMAN },
    GERMAN,
    Locale { tag: "fr-CH", numeric: "{dd}.{MM}.{y}", short: "{dd}.{MM}.{yy}", ..FRENCH },
    Locale { tag: "fr-CA", group: NBSP, numeric: "{y}-{MM}-{dd}", short: "{y}-{MM}-{dd}", ..FRENCH },
    FRENCH,
    Locale { tag: "es-MX", decimal: ".", group: ",", group_from: 1, currency: CurrencyPlace::Before, two_digit_hours: true, ..SPANISH },
    SPANISH,
    PORTUGUESE,
    ITALIAN,
    DUTCH,
    POLISH,
    SWEDISH,
    Locale {
        tag: "nb",
        group: NBSP,
        numeric: "{d}.{M}.{y}",
        short: "{dd}.{MM}.{y}",
        day_month: "{d}.{M}.",
        words: "{d}. {M} {y}",
        words_without_year: "{d}. {M}",
        ..EUROPEAN
    },
    Locale {
        tag: "da",
        numeric: "{d}.{M}.{y}",
        short: "{dd}.{MM}.{y}",
        day_month: "{d}.{M}",
        words: "{d}. {M} {y}",
        words_without_year: "{d}. {M}",
        ..EUROPEAN
    },
    Locale { tag: "fi", group: NBSP, numeric: "{d}.{M}.{y}", short: "{d}.{M}.{y}", day_month: "{d}.{M}.", two_digit_hours: false, ..EUROPEAN },
    Locale { tag: "cs", group: NBSP, numeric: "{d}. {M}. {y}", short: "{dd}.{MM}.{yy}", two_digit_hours: false, ..EUROPEAN },
    Locale { tag: "tr", numeric: "{dd}.{MM}.{y}", short: "{d}.{MM}.{y}", ..EUROPEAN },
    Locale { tag: "ru", group: NBSP, numeric: "{dd}.{MM}.{y}", short: "{dd}.{MM}.{y}", ..EUROPEAN },
    Locale { tag: "uk", group: NBSP, numeric: "{dd}.{MM}.{y}", short: "{dd}.{MM}.{yy}", ..EUROPEAN },
    EAST_ASIAN,
    Locale { tag: "ja", two_digit_hours: false, ..EAST_ASIAN },
    Locale { tag: "ko", numeric: "{y}. {M}. {d}.", short: "{yy}. {M}. {d}.", twelve_hours: true, two_digit_hours: false, ..EAST_ASIAN },
    ENGLISH_US,
];

impl Locale {
    /// What is known of a locale: of its region, else of its language, else of the United States.
    pub(in crate::js) fn of(tag: &str) -> &'static Self {
        let same = |known: &str, tag: &str| known.eq_ignore_ascii_case(tag);
        let language = tag.split(['-', '_']).next().unwrap_or_default();
        let exact = LOCALES.iter().find(|locale| same(locale.tag, &tag.replace('_', "-")));
        exact.or_else(|| LOCALES.iter().find(|locale| same(locale.tag, language))).unwrap_or(&ENGLISH_US)
    }

    /// True in English.
    pub(super) fn is_english(&self) -> bool {
        self.tag.starts_with("en")
    }

    pub(super) fn is_american(&self) -> bool {
        self.tag == "en-US"
    }
}
