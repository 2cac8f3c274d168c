//! JavaScript's regular expressions, translated to Rust's.
//!
//! What needs no look-around and no back-reference runs in linear time; the rest runs with a limit on steps, so that no pattern holds a worker up.

/// A compiled regular expression.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    engine: Engine,
    global: bool,
}

#[derive(Clone, Debug)]
enum Engine {
    Linear(regex::Regex),
    Backtracking(Box<fancy_regex::Regex>),
}

/// Steps after which a pattern that backtracks is given up.
const MOST_STEPS: usize = 1_000_000;

/// Bytes that a compiled pattern may take.
const LARGEST: usize = 4 << 20;

impl Pattern {
    /// Compiles a pattern without its slashes.
    ///
    /// # Errors
    /// When it is no pattern; the text says why.
    pub(crate) fn new(pattern: &str, flags: &str) -> Result<Self, String> {
        if let Some(flag) = flags.chars().find(|c| !"dgimsuvy".contains(*c)) {
            return Err(format!("Invalid regular expression flags: {flag:?}"));
        }
        let mut source = String::from("(?");
        source.extend(flags.chars().filter(|c| matches!(c, 'i' | 'm' | 's')));
        let inline = source.len() > 2;
        let mut source = if inline { source + ")" } else { String::new() };
        let translation = Translation::of(pattern, flags);
        source.push_str(&translation.out);
        let engine = if translation.needs_backtracking {
            let built = fancy_regex::RegexBuilder::new(&source).backtrack_limit(MOST_STEPS).build();
            Engine::Backtracking(Box::new(built.map_err(|error| format!("Invalid regular expression: /{pattern}/: {error}"))?))
        } else {
            let built = regex::RegexBuilder::new(&source).size_limit(LARGEST).build();
            Engine::Linear(built.map_err(|error| format!("Invalid regular expression: /{pattern}/: {}", brief(&error)))?)
        };
        Ok(Self { engine, global: flags.contains('g') })
    }

    /// Compiles `/pattern/flags`, or a text that is the pattern itself, as conditions of n8n have it.
    ///
    /// # Errors
    /// When it is no pattern; the text says why.
    pub(crate) fn of_literal(text: &str) -> Result<Self, String> {
        match split_literal(text) {
            Some((pattern, flags)) => Self::new(pattern, flags),
            None => Self::new(text, ""),
        }
    }

    /// Whether a part of the text matches. A pattern that took too many steps does not.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        match &self.engine {
            Engine::Linear(regex) => regex.is_match(text),
            Engine::Backtracking(regex) => regex.is_match(text).unwrap_or(false),
        }
    }

    /// `text.replace(pattern, replacement)`: the first match, or all with the flag `g`; `$1`, `$<name>`, `$&` and `$$` in the replacement count.
    pub(crate) fn replace(&self, text: &str, replacement: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        while let Some(found) = self.captures_at(text, from) {
            let (start, end) = found.span;
            out.push_str(text.get(from..start).unwrap_or_default());
            expand(replacement, text, &found, &mut out);
            from = end;
            if start == end {
                let Some(c) = text.get(end..).and_then(|rest| rest.chars().next()) else { return out };
                out.push(c);
                from = end + c.len_utf8();
            }
            if !self.global {
                break;
            }
        }
        out.push_str(text.get(from..).unwrap_or_default());
        out
    }

    fn captures_at<'t>(&self, text: &'t str, from: usize) -> Option<Found<'t>> {
        match &self.engine {
            Engine::Linear(regex) => {
                let captures = regex.captures_at(text, from)?;
                let whole = captures.get(0)?;
                let groups = captures.iter().map(|group| group.map(|group| group.as_str())).collect();
                let names = regex.capture_names().map(|name| name.map(str::to_owned)).collect();
                Some(Found { span: (whole.start(), whole.end()), groups, names })
            }
            Engine::Backtracking(regex) => {
                let captures = regex.captures_from_pos(text, from).ok()??;
                let whole = captures.get(0)?;
                let groups = captures.iter().map(|group| group.map(|group| group.as_str())).collect();
                let names = regex.capture_names().map(|name| name.map(str::to_owned)).collect();
                Some(Found { span: (whole.start(), whole.end()), groups, names })
            }
        }
    }
}

/// One match: where it lies, and its groups.
struct Found<'t> {
    span: (usize, usize),
    groups: Vec<Option<&'t str>>,
    names: Vec<Option<String>>,
}

/// Splits `/pattern/flags`; `None` for a text of another form.
fn split_literal(text: &str) -> Option<(&str, &str)> {
    let (pattern, flags) = text.strip_prefix('/')?.rsplit_once('/')?;
    let known = flags.chars().all(|c| "gimsuy".contains(c));
    known.then_some((pattern, flags))
}

/// The last line of the error, which says what is wrong; the others draw the place.
fn brief(error: &regex::Error) -> String {
    let text = error.to_string();
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

fn expand(replacement: &str, text: &str, found: &Found<'_>, out: &mut String) {
    let group = |number: usize| found.groups.get(number).copied().flatten().unwrap_or_default();
    let mut rest = replacement;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let next = after.chars().next();
        let mut taken = next.map_or(0, char::len_utf8);
        match next {
            Some('$') => out.push('$'),
            Some('&') => out.push_str(group(0)),
            Some('`') => out.push_str(text.get(..found.span.0).unwrap_or_default()),
            Some('\'') => out.push_str(text.get(found.span.1..).unwrap_or_default()),
            Some('0'..='9') => {
                let (number, digits) = group_number(after, found.groups.len());
                taken = digits;
                if digits == 0 { out.push('$') } else { out.push_str(group(number)) }
            }
            Some('<') if found.names.iter().any(Option::is_some) && after.contains('>') => {
                let (name, _) = after.split_once('>').unwrap_or_default();
                let wanted = name.get(1..).unwrap_or_default();
                let number = found.names.iter().position(|name| name.as_deref() == Some(wanted));
                out.push_str(number.map(group).unwrap_or_default());
                taken = name.len() + 1;
            }
            _ => {
                out.push('$');
                taken = 0;
            }
        }
        rest = after.get(taken..).unwrap_or_default();
    }
    out.push_str(rest);
}

/// The group that one or two digits name, and how many of them count.
fn group_number(digits: &str, groups: usize) -> (usize, usize) {
    let number = |count: usize| digits.get(..count).and_then(|text| text.parse::<usize>().ok()).filter(|number| (1..groups).contains(number));
    number(2).map(|number| (number, 2)).or_else(|| number(1).map(|number| (number, 1))).unwrap_or((0, 0))
}

/// JavaScript's white space, as members of a class.
const SPACES: &str = r"\t\n\x0B\x0C\r \u{a0}\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{feff}";

/// A pattern on its way from JavaScript's syntax to Rust's.
struct Translation<'f> {
    out: String,
    needs_backtracking: bool,
    flags: &'f str,
}

impl<'f> Translation<'f> {
    fn of(pattern: &str, flags: &'f str) -> Self {
        let mut translation = Self { out: String::with_capacity(pattern.len() + 8), needs_backtracking: false, flags };
        let mut chars = pattern.chars().peekable();
        while let Some(c) = chars.next() {
            translation.atom(c, &mut chars);
        }
        translation
    }

    fn is_unicode(&self) -> bool {
        self.flags.contains(['u', 'v'])
    }

    fn atom(&mut self, c: char, chars: &mut Chars<'_>) {
        match c {
            '\\' => self.escape(chars, false),
            '[' => self.class(chars),
            '(' => self.group(chars),
            '$' if !self.flags.contains('m') => self.out.push_str(r"\z"),
            '.' if !self.flags.contains('s') => self.out.push_str(r"[^\n\r\u{2028}\u{2029}]"),
            '{' if !is_quantifier(chars) => self.out.push_str(r"\{"),
            // Rust knows comments and blanks in patterns only where they are asked for; these stand for themselves.
            '#' | '&' | '~' => self.literal(c),
            _ => self.out.push(c),
        }
    }

    fn group(&mut self, chars: &mut Chars<'_>) {
        self.out.push('(');
        if chars.peek() != Some(&'?') {
            return;
        }
        let mut ahead = chars.clone();
        ahead.next();
        match (ahead.next(), ahead.next()) {
            (Some('=' | '!'), _) | (Some('<'), Some('=' | '!')) => self.needs_backtracking = true,
            _ => {}
        }
    }

    fn escape(&mut self, chars: &mut Chars<'_>, in_class: bool) {
        let Some(c) = chars.next() else {
            self.out.push_str(r"\\");
            return;
        };
        match c {
            'd' => self.out.push_str(if in_class { "0-9" } else { "[0-9]" }),
            'D' => self.out.push_str("[^0-9]"),
            'w' => self.out.push_str(if in_class { "0-9A-Za-z_" } else { "[0-9A-Za-z_]" }),
            'W' => self.out.push_str("[^0-9A-Za-z_]"),
            's' if in_class => self.out.push_str(SPACES),
            's' => self.out.extend(["[", SPACES, "]"]),
            'S' => self.out.extend(["[^", SPACES, "]"]),
            'b' if in_class => self.out.push_str(r"\x08"),
            'b' => self.out.push_str(r"(?-u:\b)"),
            'B' if !in_class => self.out.push_str(r"(?-u:\B)"),
            'n' | 'r' | 't' => self.out.extend(['\\', c]),
            'v' => self.out.push_str(r"\x0B"),
            'f' => self.out.push_str(r"\x0C"),
            '0' => self.out.push_str(r"\x00"),
            '1'..='9' if !in_class => self.back_reference(c, chars),
            'k' if chars.peek() == Some(&'<') => {
                self.needs_backtracking = true;
                self.out.push_str(r"\k");
            }
            'x' => self.code_point(chars, 2, c),
            'u' => self.unicode_escape(chars),
            'c' => self.control(chars),
            'p' | 'P' if self.is_unicode() => self.out.extend(['\\', c]),
            _ => self.literal(c),
        }
    }

    fn back_reference(&mut self, first: char, chars: &mut Chars<'_>) {
        self.needs_backtracking = true;
        self.out.push('\\');
        self.out.push(first);
        while let Some(digit) = chars.next_if(char::is_ascii_digit) {
            self.out.push(digit);
        }
    }

    /// `\x41`, `\u0041`: exactly `digits` of them, or the letter stands for itself.
    fn code_point(&mut self, chars: &mut Chars<'_>, digits: usize, letter: char) {
        let mut ahead = chars.clone();
        let text: String = ahead.by_ref().take(digits).collect();
        match u32::from_str_radix(&text, 16) {
            Ok(code) if text.len() == digits => {
                *chars = ahead;
                let code = low_surrogate(code, chars).unwrap_or(code);
                self.push_code(code);
            }
            _ => self.literal(letter),
        }
    }

    fn unicode_escape(&mut self, chars: &mut Chars<'_>) {
        if !self.is_unicode() || chars.peek() != Some(&'{') {
            self.code_point(chars, 4, 'u');
            return;
        }
        chars.next();
        let text: String = chars.by_ref().take_while(|c| *c != '}').collect();
        self.push_code(u32::from_str_radix(&text, 16).unwrap_or(u32::MAX));
    }

    /// Half of a surrogate pair matches nothing in a text that is valid UTF-8.
    fn push_code(&mut self, code: u32) {
        match char::from_u32(code) {
            Some(c) => self.literal(c),
            None => self.out.push_str(r"\x{fffff}"),
        }
    }

    fn control(&mut self, chars: &mut Chars<'_>) {
        match chars.next_if(char::is_ascii_alphabetic) {
            Some(letter) => self.push_code(u32::from(letter) % 32),
            None => self.out.push_str(r"\\c"),
        }
    }

    fn literal(&mut self, c: char) {
        if c.is_ascii_punctuation() {
            self.out.push('\\');
            self.out.push(c);
        } else if c.is_control() {
            let code = format!("{:x}", u32::from(c));
            self.out.extend([r"\x{", &code, "}"]);
        } else {
            self.out.push(c);
        }
    }

    fn class(&mut self, chars: &mut Chars<'_>) {
        let negated = chars.next_if_eq(&'^').is_some();
        if chars.next_if_eq(&']').is_some() {
            // Nothing in the class: it matches nothing or, negated, everything.
            self.out.push_str(if negated { r"[\s\S]" } else { r"[^\s\S]" });
            return;
        }
        self.out.push_str(if negated { "[^" } else { "[" });
        while let Some(c) = chars.next() {
            match c {
                ']' => break,
                '\\' => self.escape(chars, true),
                '-' if self.is_literal_dash(chars) => self.out.push_str(r"\-"),
                '-' => self.out.push('-'),
                _ => self.literal(c),
            }
        }
        self.out.push(']');
    }

    /// A dash beside a class such as `\w`, or at either end, stands for itself.
    fn is_literal_dash(&self, chars: &Chars<'_>) -> bool {
        let mut ahead = chars.clone();
        let next = ahead.next();
        let class_next = next == Some('\\') && matches!(ahead.next(), Some('d' | 'D' | 'w' | 'W' | 's' | 'S'));
        let at_start = self.out.ends_with('[') || self.out.ends_with("[^");
        let behind_class = [SPACES, "0-9", "_", "]"].iter().any(|class| self.out.ends_with(class)) && !self.out.ends_with(r"\_");
        next == Some(']') || class_next || at_start || (behind_class && !self.out.ends_with("\\]"))
    }
}

/// The character that two surrogate escapes in a row make.
fn low_surrogate(high: u32, chars: &mut Chars<'_>) -> Option<u32> {
    if !(0xD800..0xDC00).contains(&high) {
        return None;
    }
    let mut ahead = chars.clone();
    if ahead.next() != Some('\\') || ahead.next() != Some('u') {
        return None;
    }
    let text: String = ahead.by_ref().take(4).collect();
    let low = u32::from_str_radix(&text, 16).ok().filter(|low| (0xDC00..0xE000).contains(low))?;
    *chars = ahead;
    Some(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00))
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Whether what follows an opening brace makes a count: `2}`, `2,}`, `2,3}`.
fn is_quantifier(chars: &Chars<'_>) -> bool {
    let mut digits = 0;
    let mut commas = 0;
    for c in chars.clone() {
        match c {
            '0'..='9' => digits += 1,
            ',' if digits > 0 && commas == 0 => commas = 1,
            '}' => return digits > 0,
            _ => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(literal: &str, text: &str, expect: bool) {
        let pattern = Pattern::of_literal(literal).unwrap_or_else(|error| panic!("{literal}: {error}"));
        assert_eq!(pattern.is_match(text), expect, "{literal} on {text:?}");
    }

    #[test]
    fn matches_as_javascript_does() {
        check("foo|bar", "bar", true);
        check("/^fo{2}$/g", "foo", true);
        check("/^FOO$/i", "foo", true);
        check("/^b$/", "a\nb", false);
        check("/^b$/m", "a\nb", true);
        check("a.b", "a\nb", false);
        check("/a.b/s", "a\nb", true);
        check(r"^\d+$", "١٢", false);
        check(r"^\w+$", "é", false);
        check(r"\bcaf\b", "café", true);
        check(r"^[\w.-]+@[\w-]+\.\w{2,}$", "a.b-c@d-e.org", true);
        check(r"^[\w-.]+$", "a-b.c", true);
        check(r"[a-z&&b]", "&", true);
        check(r"^[[a]$", "[", true);
        check(r"^[^]$", "\n", true);
        check("[]", "x", false);
        check(r"a{,2}", "a{,2}", true);
        check(r"^\/path\/\-$", "/path/-", true);
        check(r"^\u0041\x42$", "AB", true);
        check(r"/^\u{1F600}$/u", "😀", true);
        check(r"^\ud83d\ude00$", "😀", true);
        check(r"^(?<x>a)\k<x>$", "aa", true);
        check(r"(a)\1", "aa", true);
        check(r"q(?=u)", "qu", true);
        check(r"(?<!x)y", "xy", false);
        check(r"^\s$", "\u{feff}", true);
        check("^$", "", true);
        check("", "anything", true);
        check("a$", "a\n", false);
    }

    #[test]
    fn gives_up_on_patterns_that_never_end() {
        check(r"^(?=a)(a+)+$", &("a".repeat(40) + "!"), false);
        check(r"^(a+)+$", &("a".repeat(40) + "!"), false);
    }

    #[test]
    fn says_what_is_no_pattern() {
        for text in ["(", "*", "[z-a]", "/a)/g"] {
            assert!(Pattern::of_literal(text).is_err(), "{text}");
        }
    }

    #[test]
    fn replaces() {
        let check = |literal: &str, replacement: &str, expect: &str| {
            assert_eq!(Pattern::of_literal(literal).unwrap().replace("one two", replacement), expect, "{literal} {replacement}");
        };
        check("o", "0", "0ne two");
        check("/o/g", "0", "0ne tw0");
        check(r"/(\w+) (\w+)/", "$2 $1 $$ $& $3", "two one $ one two $3");
        check("/(?<first>\\w+)/", "<$<first>>", "<one> two");
        check("/x*/g", "-", "-o-n-e- -t-w-o-");
    }
}
