//! Names of months, days and the like, in the languages that workflows use.

/// How long a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lengths {
    /// One letter.
    Narrow,
    /// `Jan`.
    Short,
    /// `January`.
    Long,
}

/// The names of a language.
#[derive(Debug)]
pub struct Names {
    language: &'static str,
    months: [&'static str; 12],
    months_short: [&'static str; 12],
    weekdays: [&'static str; 7],
    weekdays_short: [&'static str; 7],
    meridiems: [&'static str; 2],
}

impl Names {
    /// The names of a locale, by its language; English for what is not known.
    pub fn of(locale: &str) -> &'static Self {
        let language = locale.split(['-', '_']).next().unwrap_or_default();
        LANGUAGES.iter().find(|names| names.language.eq_ignore_ascii_case(language)).unwrap_or(&ENGLISH)
    }

    /// The name of a month, from 1.
    pub fn month(&self, month: i64, length: Lengths) -> String {
        let at = index(month, 12);
        let long = self.months.get(at).copied().unwrap_or_default();
        match length {
            Lengths::Narrow => first_letter(long),
            Lengths::Short => self.months_short.get(at).copied().unwrap_or_default().to_owned(),
            Lengths::Long => long.to_owned(),
        }
    }

    /// The name of a day of the week, Monday being 1.
    pub fn weekday(&self, weekday: i64, length: Lengths) -> String {
        let at = index(weekday, 7);
        let long = self.weekdays.get(at).copied().unwrap_or_default();
        match length {
            Lengths::Narrow => first_letter(long),
            Lengths::Short => self.weekdays_short.get(at).copied().unwrap_or_default().to_owned(),
            Lengths::Long => long.to_owned(),
        }
    }

    /// `AM` or `PM`.
    pub fn meridiem(&self, hour: i64) -> &'static str {
        self.meridiems[usize::from(hour >= 12)]
    }

    /// All names of months of a length, in order.
    pub(super) fn months(&self, length: Lengths) -> Vec<String> {
        (1..=12).map(|month| self.month(month, length)).collect()
    }

    /// All names of days of the week of a length, from Monday.
    pub(super) fn weekdays(&self, length: Lengths) -> Vec<String> {
        (1..=7).map(|weekday| self.weekday(weekday, length)).collect()
    }

    /// Both meridiems.
    pub(super) fn meridiems(&self) -> [&'static str; 2] {
        self.meridiems
    }
}

fn index(number: i64, count: i64) -> usize {
    usize::try_from((number - 1).rem_euclid(count)).unwrap_or_default()
}

fn first_letter(name: &str) -> String {
    name.chars().next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default()
}

static ENGLISH: Names = Names {
    language: "en",
    months: ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
    months_short: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    weekdays: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    weekdays_short: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    meridiems: ["AM", "PM"],
};

static LANGUAGES: [Names; 8] = [
    Names {
        language: "de",
        months: ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"],
        months_short: ["Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"],
        weekdays: ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"],
        weekdays_short: ["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"],
        meridiems: ["AM", "PM"],
    },
    Names {
        language: "fr",
        months: ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"],
        months_short: ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."],
        weekdays: ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
        weekdays_short: ["lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."],
        meridiems: ["AM", "PM"],
    },
    Names {
        language: "es",
        months: ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"],
        months_short: ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov", "dic"],
        weekdays: ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"],
        weekdays_short: ["lun", "mar", "mié", "jue", "vie", "sáb", "dom"],
        meridiems: ["a. m.", "p. m."],
    },
    Names {
        language: "pt",
        months: ["janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro", "dezembro"],
        months_short: ["jan.", "fev.", "mar.", "abr.", "mai.", "jun.", "jul.", "ago.", "set.", "out.", "nov.", "dez."],
        weekdays: ["segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado", "domingo"],
        weekdays_short: ["seg.", "ter.", "qua.", "qui.", "sex.", "sáb.", "dom."],
        meridiems: ["AM", "PM"],
    },
    Names {
        language: "it",
        months: ["gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"],
        months_short: ["gen", "feb", "mar", "apr", "mag", "giu", "lug", "ago", "set", "ott", "nov", "dic"],
        weekdays: ["lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"],
        weekdays_short: ["lun", "mar", "mer", "gio", "ven", "sab", "dom"],
        meridiems: ["AM", "PM"],
    },
    Names {
        language: "nl",
        months: ["januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"],
        months_short: ["jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"],
        weekdays: ["maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"],
        weekdays_short: ["ma", "di", "wo", "do", "vr", "za", "zo"],
        meridiems: ["a.m.", "p.m."],
    },
    Names {
        language: "pl",
        months: [
            "stycznia",
            "lutego",
            "marca",
            "kwietnia",
            "maja",
            "czerwca",
            "lipca",
            "sierpnia",
            "września",
            "października",
            "listopada",
            "grudnia",
        ],
        months_short: ["sty", "lut", "mar", "kwi", "maj", "cze", "lip", "sie", "wrz", "paź", "lis", "gru"],
        weekdays: ["poniedziałek", "wtorek", "środa", "czwartek", "piątek", "sobota", "niedziela"],
        weekdays_short: ["pon.", "wt.", "śr.", "czw.", "pt.", "sob.", "niedz."],
        meridiems: ["AM", "PM"],
    },
    Names {
        language: "sv",
        months: ["januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december"],
        months_short: ["jan.", "feb.", "mars", "apr.", "maj", "juni", "juli", "aug.", "sep.", "okt.", "nov.", "dec."],
        weekdays: ["måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag"],
        weekdays_short: ["mån", "tis", "ons", "tors", "fre", "lör", "sön"],
        meridiems: ["fm", "em"],
    },
];
