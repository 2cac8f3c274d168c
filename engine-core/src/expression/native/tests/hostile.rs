use proptest::prelude::*;

use super::{check, fails, scope, script};
use crate::expression::{ExpressionErrorKind, Template};

#[test]
fn depth_and_size_are_bounded() {
    let nest = |open: &str, inner: &str, close: &str, count: usize| format!("{}{inner}{}", open.repeat(count), close.repeat(count));
    check(&nest("(", "1", ")", 20), 1.into());
    for code in [
        nest("(", "1", ")", 100_000),
        nest("[", "", "]", 100_000),
        nest("!", "1", "", 100_000),
        nest("- ", "1", "", 100_000),
        nest("1 + (", "1", ")", 100_000),
        nest("`${", "1", "}`", 10_000),
    ] {
        script(&code);
    }
    for part in ["+ 1", ".a", "[0]", "?.a", "|| 0", "?? 0", ".trim()", "** 1", "? 1 : 1", "< 1", "&& 1", "* 2"] {
        script(&format!("$json{}", part.repeat(100_000)));
        script(&format!("1{}", format!(" {part}").repeat(100_000)));
    }
    check(&format!("0{}", " + 1".repeat(150)), 150.into());
    script(&format!("[{}]", "1,".repeat(100_000)));
    assert!(Template::compile(&"{{".repeat(100_000), None).is_err());
    assert!(Template::compile(&"{{ 1 }}".repeat(1000), None).is_ok());
}

#[test]
fn growth_is_bounded() {
    let quoted = (0..38).fold("'\"'".to_owned(), |inner, _| format!("JSON.stringify({inner})"));
    fails(&quoted, ExpressionErrorKind::Limit);
    fails(&format!("'\"'{}", ".toJsonString()".repeat(100)), ExpressionErrorKind::Limit);
    fails(&format!("'a'{}", ".base64Encode()".repeat(100)), ExpressionErrorKind::Limit);
    fails(&format!("'a'.padEnd(999999){}", ".trimStart()".repeat(300)), ExpressionErrorKind::Limit);
    fails(&format!("'a'.padEnd(999999).split(''){}", ".slice(0)".repeat(100)), ExpressionErrorKind::Limit);
    fails(&format!("'aa'{}", ".replaceAll('a', 'aaaa')".repeat(100)), ExpressionErrorKind::Limit);
}

/// Pieces from which expressions that often parse are made.
fn soup() -> impl Strategy<Value = String> {
    const PIECES: &str = "$json .t .list .o [0] [ ] ( ) ?. . 1 2.5 'a' \" ` ${ } { a: , + - * / % ** == === != < >= && || ?? ? : ! typeof| null undefined \
        $input.all() $('Prev').item .json .length .trim() .slice(1) .emoji .split( .join( .first() Math.max( JSON.stringify( $if( \\ \\u é \u{1F600} \
        // /* */ |in| ; 0x 1e _ $ {{ }} .constructor [$json.bad]";
    let pieces: Vec<String> = PIECES.split_whitespace().map(|piece| piece.replace('|', if piece.len() > 2 { " " } else { "|" })).collect();
    let pieces = prop::sample::select(pieces);
    prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat())
}

fn survives(source: &str) {
    match Template::compile(source, None) {
        Ok(template) => match template.evaluate_now(&scope()) {
            Some(Err(error)) => assert_ne!(error.kind(), ExpressionErrorKind::Syntax, "{source:?}"),
            Some(Ok(_)) => {}
            None => panic!("a native template has to be waited for: {source:?}"),
        },
        Err(error) => assert!(!error.message().is_empty()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_survived(source in ".{0,60}") {
        survives(&source);
        survives(&format!("{{{{ {source}"));
    }

    #[test]
    fn almost_expressions_are_survived(source in soup()) {
        survives(&format!("{{{{ {source} }}}}"));
    }

    /// Sums and products of small integers, against Rust's own arithmetic.
    #[test]
    fn arithmetic_is_exact((text, value) in arithmetic()) {
        check(&text, crate::expression::js::from_f64(value));
    }

    #[test]
    fn texts_survive_their_literal(text in any::<String>()) {
        let literal = serde_json::to_string(&text).unwrap().replace("}}", "\\u007d}");
        if !literal.contains("}}") {
            check(&literal, text.into());
        }
    }

    #[test]
    fn numbers_survive_their_literal(number in any::<f64>().prop_filter("finite", |number| number.is_finite())) {
        check(&crate::expression::js::number_to_string(number), crate::expression::js::from_f64(number));
    }
}

fn arithmetic() -> impl Strategy<Value = (String, f64)> {
    let leaf = (-1000..1000_i32).prop_map(|number| (if number < 0 { format!("({number})") } else { number.to_string() }, f64::from(number)));
    leaf.prop_recursive(4, 32, 2, |inner| {
        (inner.clone(), 0..5_u8, inner).prop_map(|((left, a), operator, (right, b))| match operator {
            0 => (format!("({left} + {right})"), a + b),
            1 => (format!("({left} - {right})"), a - b),
            2 => (format!("{left} * {right}"), a * b).clone_in_brackets(),
            3 => (format!("({left} < {right} ? {left} : {right})"), if a < b { a } else { b }),
            _ => (format!("+`${{{left} - -{right}}}`"), a + b).clone_in_brackets(),
        })
    })
}

trait InBrackets {
    fn clone_in_brackets(self) -> Self;
}

impl InBrackets for (String, f64) {
    fn clone_in_brackets(self) -> Self {
        (format!("({})", self.0), self.1)
    }
}
