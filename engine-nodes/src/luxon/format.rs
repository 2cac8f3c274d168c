//! Formats made of tokens: `yyyy-LL-dd 'at' HH:mm`.

use super::calendar::Fields;
use super::moment::Moment;
use super::names::{Lengths, Names};
use super::zone::{OffsetStyle, offset_text};

/// A piece of a format.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text that stands for itself.
    Literal(String),
    /// A run of one letter.
    Token(String),
}

/// Divides a format into tokens and literal text. Quoted text is literal; two quotes are one.
pub(super) fn pieces(format: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut quoted: Option<String> = None;
    for c in format.chars() {
        match (&mut quoted, c) {
            (None, '\'') => quoted = Some(String::new()),
            (Some(text), '\'') => {
                let text = if text.is_empty() { "'".to_owned() } else { std::mem::take(text) };
                pieces.push(Piece::Literal(text));
                quoted = None;
            }
            (Some(text), c) => text.push(c),
            (None, c) => match pieces.last_mut() {
                Some(Piece::Token(run)) if run.starts_with(c) => run.push(c),
                _ => pieces.push(Piece::Token(c.to_string())),
            },
        }
    }
    if let Some(rest) = quoted.filter(|rest| !rest.is_empty()) {
        pieces.push(Piece::Literal(rest));
    }
    pieces
}

/// A moment in a format, with the names of a locale.
pub fn format(moment: &Moment, format: &str, locale: &str) -> String {
    let context = Context { moment, fields: moment.fields(), names: Names::of(locale), english: locale.is_empty() || locale.starts_with("en") };
    let mut text = String::new();
    for piece in pieces(format) {
        match piece {
            Piece::Literal(literal) => text.push_str(&literal),
            Piece::Token(token) => context.write(&token, &mut text),
        }
    }
    text
}

/// The format that a token such as `DD` is short for, as Americans write it.
pub(super) fn macro_format(token: &str) -> Option<&'static str> {
    Some(match token {
        "D" => "M/d/yyyy",
        "DD" => "MMM d, yyyy",
        "DDD" => "MMMM d, yyyy",
        "DDDD" => "EEEE, MMMM d, yyyy",
        "t" => "h:mm a",
        "tt" => "h:mm:ss a",
        "ttt" => "h:mm:ss a ZZZZ",
        "tttt" => "h:mm:ss a ZZZZZ",
        "T" => "HH:mm",
        "TT" => "HH:mm:ss",
        "TTT" => "HH:mm:ss ZZZZ",
        "TTTT" => "HH:mm:ss ZZZZZ",
        "f" => "M/d/yyyy, h:mm a",
        "ff" => "MMM d, yyyy, h:mm a",
        "fff" => "MMMM d, yyyy 'at' h:mm a ZZZZ",
        "ffff" => "EEEE, MMMM d, yyyy 'at' h:mm a ZZZZZ",
        "F" => "M/d/yyyy, h:mm:ss a",
        "FF" => "MMM d, yyyy, h:mm:ss a",
        "FFF" => "MMMM d, yyyy 'at' h:mm:ss a ZZZZ",
        "FFFF" => "EEEE, MMMM d, yyyy 'at' h:mm:ss a ZZZZZ",
        _ => return None,
    })
}

struct Context<'a> {
    moment: &'a Moment,
    fields: Fields,
    names: &'static Names,
    english: bool,
}

impl Context<'_> {
    fn write(&self, token: &str, text: &mut String) {
        if let Some(expanded) = macro_format(token) {
            for piece in pieces(expanded) {
                match piece {
                    Piece::Literal(literal) => text.push_str(&literal),
                    Piece::Token(token) => self.write(&token, text),
                }
            }
            return;
        }
        let known = self.clock(token).or_else(|| self.date(token)).or_else(|| self.zone(token));
        text.push_str(known.as_deref().unwrap_or(token));
    }

    fn clock(&self, token: &str) -> Option<String> {
        let local = self.fields.local;
        let twelve = if local.hour % 12 == 0 { 12 } else { local.hour % 12 };
        Some(match token {
            "S" => local.millisecond.to_string(),
            "u" | "SSS" => padded(local.millisecond, 3),
            "uu" => padded(local.millisecond / 10, 2),
            "uuu" => (local.millisecond / 100).to_string(),
            "s" => local.second.to_string(),
            "ss" => padded(local.second, 2),
            "m" => local.minute.to_string(),
            "mm" => padded(local.minute, 2),
            "h" => twelve.to_string(),
            "hh" => padded(twelve, 2),
            "H" => local.hour.to_string(),
            "HH" => padded(local.hour, 2),
            "a" => self.names.meridiem(local.hour).to_owned(),
            "X" => self.moment.millis.div_euclid(1000).to_string(),
            "x" => self.moment.millis.to_string(),
            _ => return None,
        })
    }

    fn date(&self, token: &str) -> Option<String> {
        let Fields { local, weekday, ordinal, week, week_year, .. } = self.fields;
        let month = |length| self.names.month(local.month, length);
        let day = |length| self.names.weekday(weekday, length);
        let quarter = (local.month - 1) / 3 + 1;
        Some(match token {
            "d" => local.day.to_string(),
            "dd" => padded(local.day, 2),
            "E" | "c" => weekday.to_string(),
            "EEE" | "ccc" => day(Lengths::Short),
            "EEEE" | "cccc" => day(Lengths::Long),
            "EEEEE" | "ccccc" => day(Lengths::Narrow),
            "M" | "L" => local.month.to_string(),
            "MM" | "LL" => padded(local.month, 2),
            "MMM" | "LLL" => month(Lengths::Short),
            "MMMM" | "LLLL" => month(Lengths::Long),
            "MMMMM" | "LLLLL" => month(Lengths::Narrow),
            "y" => local.year.to_string(),
            "yy" => padded(local.year.rem_euclid(100), 2),
            "yyyy" => padded(local.year, 4),
            "yyyyyy" => padded(local.year, 6),
            "G" => if local.year > 0 { "AD" } else { "BC" }.to_owned(),
            "GG" => if local.year > 0 { "Anno Domini" } else { "Before Christ" }.to_owned(),
            "GGGGG" => if local.year > 0 { "A" } else { "B" }.to_owned(),
            "kk" | "ii" => padded(week_year.rem_euclid(100), 2),
            "kkkk" | "iiii" => padded(week_year, 4),
            "W" | "n" => week.to_string(),
            "WW" | "nn" => padded(week, 2),
            "o" => ordinal.to_string(),
            "ooo" => padded(ordinal, 3),
            "q" => quarter.to_string(),
            "qq" => padded(quarter, 2),
            _ => return None,
        })
    }

    fn zone(&self, token: &str) -> Option<String> {
        let offset = self.fields.offset;
        Some(match token {
            "Z" => offset_text(offset, OffsetStyle::Narrow),
            "ZZ" => offset_text(offset, OffsetStyle::Short),
            "ZZZ" => offset_text(offset, OffsetStyle::Technical),
            "ZZZZ" => self.moment.zone.offset_name(self.moment.millis, false),
            "ZZZZZ" => self.moment.zone.offset_name(self.moment.millis, true),
            "z" => self.moment.zone.name(),
            _ => return None,
        })
    }
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("moment", &self.moment).field("english", &self.english).finish_non_exhaustive()
    }
}

/// A number with zeros before it, up to a width; a minus sign does not count.
pub(super) fn padded(number: i64, width: usize) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{:0width$}", number.unsigned_abs())
}
