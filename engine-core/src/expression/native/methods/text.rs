//! Methods of texts.

use std::borrow::Cow;

use super::{Method, as_index, at_index, integer, is_default, missing, slice_range};
use crate::expression::js;
use crate::expression::native::builtins;
use crate::expression::native::eval::Stop;
use crate::expression::native::operators::check_length;
use crate::expression::native::value::Val;

/// A text is split natively into at most so many pieces.
const MOST_PIECES: usize = 1 << 20;

pub(super) fn call<'a>(method: Method, text: Cow<'a, str>, arguments: &[Val<'a>]) -> Result<Val<'a>, Stop> {
    match method {
        Method::ToString => Ok(Val::Text(text)),
        Method::Trim => Ok(part(text, |text| Some(js::trim(text)))?),
        Method::TrimStart => Ok(part(text, |text| Some(js::trim_start(text)))?),
        Method::TrimEnd => Ok(part(text, |text| Some(js::trim_end(text)))?),
        Method::ToLowerCase => Ok(Val::owned(text.to_lowercase())),
        Method::ToUpperCase => Ok(Val::owned(text.to_uppercase())),
        Method::Slice => {
            let range = slice_range(arguments, js::utf16_len(&text))?;
            part(text, |text| js::utf16_slice(text, range))
        }
        Method::Substring => substring(text, arguments),
        Method::CharAt | Method::At => character(method, &text, arguments),
        Method::Includes | Method::StartsWith | Method::EndsWith | Method::IndexOf => find(method, &text, arguments),
        Method::Split => split(text, arguments),
        Method::Replace | Method::ReplaceAll => replace(method, &text, arguments),
        Method::PadStart | Method::PadEnd => pad(method, &text, arguments),
        _ => Err(missing(method, builtins::inherited_by_text)),
    }
}

/// A part of a text, borrowed where the text is. `None` means a cut through a surrogate pair.
fn part(text: Cow<'_, str>, cut: impl FnOnce(&str) -> Option<&str>) -> Result<Val<'_>, Stop> {
    match text {
        Cow::Borrowed(text) => cut(text).map(Val::text),
        Cow::Owned(text) => cut(&text).map(Val::owned),
    }
    .ok_or(Stop::GiveUp)
}

fn substring<'a>(text: Cow<'a, str>, arguments: &[Val<'a>]) -> Result<Val<'a>, Stop> {
    let length = js::utf16_len(&text);
    let clamp = |number: f64| as_index(number.max(0.0)).min(length);
    let start = clamp(integer(arguments.first())?);
    let end = if is_default(arguments.get(1)) { length } else { clamp(integer(arguments.get(1))?) };
    part(text, |text| js::utf16_slice(text, start.min(end)..start.max(end)))
}

fn character<'a>(method: Method, text: &str, arguments: &[Val<'a>]) -> Result<Val<'a>, Stop> {
    let length = js::utf16_len(text);
    let index = if method == Method::At {
        at_index(arguments, length)?
    } else {
        let position = integer(arguments.first())?;
        (position >= 0.0).then(|| as_index(position)).filter(|index| *index < length)
    };
    match index {
        Some(index) => js::utf16_slice(text, index..index + 1).map(Val::owned).ok_or(Stop::GiveUp),
        None if method == Method::At => Ok(Val::Undefined),
        None => Ok(Val::text("")),
    }
}

fn find<'a>(method: Method, text: &str, arguments: &[Val<'a>]) -> Result<Val<'a>, Stop> {
    if !is_default(arguments.get(1)) {
        return Err(Stop::GiveUp);
    }
    let sought = arguments.first().unwrap_or(&Val::Undefined).to_text()?;
    Ok(match method {
        Method::Includes => Val::Bool(text.contains(&*sought)),
        Method::StartsWith => Val::Bool(text.starts_with(&*sought)),
        Method::EndsWith => Val::Bool(text.ends_with(&*sought)),
        _ => text.split_once(&*sought).map_or(Val::Number(-1.0), |(before, _)| Val::count(js::utf16_len(before))),
    })
}

fn split<'a>(text: Cow<'a, str>, arguments: &[Val<'a>]) -> Result<Val<'a>, Stop> {
    if !is_default(arguments.get(1)) {
        return Err(Stop::GiveUp);
    }
    let separator = match arguments.first() {
        None | Some(Val::Undefined) => return Ok(Val::List([Val::Text(text)].into())),
        Some(separator) => separator.to_text()?,
    };
    let pieces: Vec<Val<'a>> = match &text {
        _ if separator.is_empty() => characters(&text)?,
        Cow::Borrowed(text) => text.split(&*separator).take(MOST_PIECES).map(Val::text).collect(),
        Cow::Owned(text) => text.split(&*separator).take(MOST_PIECES).map(Val::owned).collect(),
    };
    if pieces.len() < MOST_PIECES { Ok(Val::List(pieces.into())) } else { Err(Stop::GiveUp) }
}

/// Each UTF-16 unit as a text of its own, where all of them are whole characters.
fn characters<'a>(text: &str) -> Result<Vec<Val<'a>>, Stop> {
    let single = |c: char| if c.len_utf16() == 1 { Ok(Val::owned(c)) } else { Err(Stop::GiveUp) };
    text.chars().take(MOST_PIECES).map(single).collect()
}

fn replace<'a>(method: Method, text: &str, arguments: &[Val<'a>]) -> Result<Val<'a>, Stop> {
    let undefined = Val::Undefined;
    let pattern = arguments.first().unwrap_or(&undefined).to_text()?;
    let replacement = arguments.get(1).unwrap_or(&undefined).to_text()?;
    if pattern.is_empty() && method == Method::ReplaceAll && js::utf16_len(text) != text.chars().count() {
        return Err(Stop::GiveUp);
    }
    let most = if method == Method::ReplaceAll { usize::MAX } else { 1 };
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, _) in text.match_indices(&*pattern).take(most) {
        out.push_str(text.get(done..at).unwrap_or_default());
        done = at + pattern.len();
        expand(&replacement, text.split_at(at).0, &pattern, text.split_at(done).1, &mut out);
        check_length(out.len())?;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    Ok(Val::owned(out))
}

/// Appends a replacement, in which `$$`, `$&`, `` $` `` and `$'` stand for a dollar sign, the match, and what is before and after it.
fn expand(replacement: &str, before: &str, matched: &str, after: &str, out: &mut String) {
    let mut rest = replacement;
    while let Some((plain, special)) = rest.split_once('$') {
        out.push_str(plain);
        let (stands_for, known) = match special.as_bytes().first() {
            Some(b'$') => ("$", true),
            Some(b'&') => (matched, true),
            Some(b'`') => (before, true),
            Some(b'\'') => (after, true),
            _ => ("$", false),
        };
        out.push_str(stands_for);
        rest = special.get(usize::from(known)..).unwrap_or_default();
    }
    out.push_str(rest);
}

fn pad<'a>(method: Method, text: &str, arguments: &[Val<'a>]) -> Result<Val<'a>, Stop> {
    let length = js::utf16_len(text);
    let wanted = integer(arguments.first())?;
    let filler =
        if is_default(arguments.get(1)) { Cow::Borrowed(" ") } else { arguments.get(1).unwrap_or(&Val::Undefined).to_text()?.into_owned().into() };
    if !filler.is_ascii() || wanted > 1e6 {
        return Err(Stop::GiveUp);
    }
    let missing = as_index(wanted).saturating_sub(length);
    let padding: String = filler.chars().cycle().take(missing).collect();
    Ok(Val::owned(if method == Method::PadStart { padding + text } else { text.to_owned() + &padding }))
}
