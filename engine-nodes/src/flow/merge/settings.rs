//! The parameters of Merge, read once.

use engine_core::expression::js;
use engine_core::model::NodeVersion;
use serde_json::Value;

use super::clash::Clash;
use super::fields::{Fields, JoinMode, MatchField, OutputFrom};
use super::position::Position;
use crate::conversion::FieldPath;
use crate::settings::Settings;

/// What is done with the inputs.
#[derive(Debug)]
pub(super) enum Mode {
    /// All items of this many inputs.
    Append(usize),
    Position(Position),
    /// Every item of one input with every item of the other.
    Product(Clash),
    Fields(Box<Fields>),
    Choose(Choice),
    #[cfg(feature = "sql")]
    Sql(super::sql::Query),
}

/// What is given when one input is chosen.
#[derive(Debug)]
pub(super) enum Choice {
    Input(usize),
    /// One empty item, made from the items of this many inputs.
    Empty(usize),
}

/// How many inputs a node has.
pub(super) fn input_count(value: Option<&Value>) -> usize {
    match value.map(js::to_number) {
        Some(count) if count >= 10.0 => 10,
        Some(count) if count >= 2.0 => index(count),
        _ => 2,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast from float saturates, and gives 0 for NaN")]
fn index(number: f64) -> usize {
    number as usize
}

impl Mode {
    /// Reads the parameters of version 2 or 3.
    pub(super) fn read(parameters: &Value, version: NodeVersion) -> Result<Self, String> {
        let Some(object) = parameters.as_object() else { return Ok(Self::Append(2)) };
        let settings = Settings::new(object);
        let third = version.at_least(3, 0);
        let inputs = input_count(settings.get("numberInputs").filter(|_| third));
        let clash = Clash::read(settings.group("options").group("clashHandling").group("values"));
        let combine = settings.text(if third { "combineBy" } else { "combinationMode" });
        Ok(match (settings.text("mode").as_str(), combine.as_str()) {
            ("combine", "combineByPosition" | "mergeByPosition") => {
                Self::Position(Position::new(clash, inputs, settings.group("options").flag("includeUnpaired")))
            }
            ("combine", "combineAll" | "multiplex") => Self::Product(clash),
            ("combine", _) => Self::Fields(Box::new(fields(settings, clash, version)?)),
            ("chooseBranch", _) => Self::Choose(choice(settings, inputs)?),
            #[cfg(feature = "sql")]
            ("combineBySql", _) => Self::Sql(super::sql::Query::read(settings, inputs, version)?),
            #[cfg(not(feature = "sql"))]
            ("combineBySql", _) => return Err("combining by SQL needs the feature `sql`".to_owned()),
            _ => Self::Append(inputs),
        })
    }
}

fn choice(settings: Settings<'_>, inputs: usize) -> Result<Choice, String> {
    Ok(match settings.text("output").as_str() {
        "empty" => Choice::Empty(inputs),
        "input1" => Choice::Input(0),
        "input2" => Choice::Input(1),
        _ => {
            let number = index(settings.number("useDataOfInput").unwrap_or(1.0));
            if number == 0 || number > inputs {
                return Err(format!("Input {number} doesn't exist: the node has {inputs} inputs"));
            }
            Choice::Input(number - 1)
        }
    })
}

fn fields(settings: Settings<'_>, clash: Clash, version: NodeVersion) -> Result<Fields, String> {
    let options = settings.group("options");
    let dots = !options.flag("disableDotNotation");
    let advanced = !version.at_least(3, 0) || settings.flag("advanced");
    let pairs: Vec<(String, String)> = if advanced {
        settings.group("mergeByFields").groups("values").iter().map(|pair| (pair.spelled("field1"), pair.spelled("field2"))).collect()
    } else {
        settings.text("fieldsToMatchString").split(',').map(|name| (js::trim(name).to_owned(), js::trim(name).to_owned())).collect()
    };
    let join = settings.text("joinMode");
    let from = settings.text("outputDataFrom");
    // The option is shown, and so counts, only where it makes a difference to n8n.
    let takes_first = match join.as_str() {
        "keepNonMatches" => false,
        "" | "keepMatches" => !["input1", "input2"].contains(&from.as_str()),
        _ => true,
    };
    let path = |name: &str| FieldPath::with_dots(name, dots);
    let pairs = check(&pairs)?.iter().map(|(first, second)| MatchField { first: path(first), second: path(second) }).collect();
    Ok(Fields {
        pairs,
        join: match join.as_str() {
            "keepNonMatches" => JoinMode::KeepNonMatches,
            "keepEverything" => JoinMode::KeepEverything,
            "enrichInput1" => JoinMode::EnrichFirst,
            "enrichInput2" => JoinMode::EnrichSecond,
            _ => JoinMode::KeepMatches,
        },
        from: match from.as_str() {
            "input1" => OutputFrom::First,
            "input2" => OutputFrom::Second,
            _ => OutputFrom::Both,
        },
        clash,
        fuzzy: options.flag("fuzzyCompare"),
        first_only: takes_first && options.text("multipleMatches") == "first",
        // Version 2.0 wants each field in at least one item.
        checks_presence: !version.at_least(2, 1),
    })
}

fn check(pairs: &[(String, String)]) -> Result<&[(String, String)], String> {
    if matches!(pairs, [(first, second)] if first.is_empty() && second.is_empty()) {
        return Err("You need to define at least one pair of fields in \"Fields to Match\" to match on".to_owned());
    }
    match pairs.iter().position(|(first, second)| first.is_empty() || second.is_empty()) {
        Some(index) => Err(format!("You need to define both fields in \"Fields to Match\" for pair {}", index + 1)),
        None => Ok(pairs),
    }
}
