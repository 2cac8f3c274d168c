//! Compare Datasets: pairs the items of two inputs by some fields and compares the rest.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use engine_core::expression::js;
use engine_core::model::{Batch, Item, Json, Link, NodeVersion, Paired};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Typed};
use engine_core::schema::{NodeGroup, NodeSchema, Port, Property, PropertyGroup};
use serde::Deserialize;
use serde_json::{Value, json};

use super::parameters::{Entries, FieldList, Flag, Spelled, Text};
use crate::conversion::{FieldPath, nearly_same, same};
use crate::node_type::Compiled;

pub(super) fn schema() -> NodeSchema {
    let pair = [Property::string("field1").display_name("Input A Field"), Property::string("field2").display_name("Input B Field")];
    let resolve = |default: &'static str| {
        Property::options("resolve", ["preferInput1", "preferInput2", "mix", "includeBoth"])
            .default(default)
            .display_name("When There Are Differences")
    };
    let fuzzy = || Property::boolean("fuzzyCompare", false).description("Whether small differences of type count, such as of 3 and \"3\"");
    let options = [
        Property::string("skipFields").description("Fields that are not compared, separated by commas"),
        fuzzy().until(2.0),
        Property::boolean("disableDotNotation", false).description("Whether a dot is part of a field's name"),
        Property::options("multipleMatches", ["first", "all"]).description("What happens when several items of input B match"),
    ];
    NodeSchema::new("compare_datasets", "Compare Datasets")
        .alias("n8n-nodes-base.compareDatasets")
        .versions([(1, 0), (2, 0), (2, 1), (2, 2), (2, 3)])
        .group(NodeGroup::Transform)
        .description("Compares the items of two inputs")
        .inputs(Port::all(["Input A", "Input B"]))
        .outputs(Port::all(["In A only", "Same", "Different", "In B only"]))
        .property(
            Property::fixed_collection_list("mergeByFields", [PropertyGroup::new("values", pair)])
                .display_name("Fields to Match")
                .default(json!({"values": [{"field1": "", "field2": ""}]})),
        )
        .property(resolve("preferInput2").until(2.1))
        .property(resolve("includeBoth").since(2.1))
        .property(fuzzy().since(2.0))
        .property(Property::options("preferWhenMix", ["input1", "input2"]).show("resolve", ["mix"]).description("Whose fields are taken"))
        .property(Property::string("exceptWhenMix").show("resolve", ["mix"]).description("Fields that are taken from the other input"))
        .property(Property::collection("options", options))
}

pub(super) fn compile(spec: &NodeSpec) -> Compiled {
    Ok(Arc::new(CompareDatasets { comparison: spec.typed()? }))
}

struct CompareDatasets {
    comparison: Typed<Comparison>,
}

#[async_trait]
impl Node for CompareDatasets {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let comparison = self.comparison.at(&context.scope(0)).await?;
        let outputs = comparison.run([context.input(0), context.input(1)], Rules::of(context.version()))?;
        Ok(NodeOutput::ports(outputs))
    }
}

/// What differs between versions.
#[derive(Clone, Copy, Debug)]
struct Rules {
    /// From 2 on: only what is missing becomes null, null equals 0 nearly, and the inputs are called A and B.
    second: bool,
    /// From 2.1 on: dots in the fields to skip, and fields of one side alone take part in near comparison.
    nested: bool,
    /// Before 2.2: a field to match that no item has is an error.
    checks_fields: bool,
}

impl Rules {
    fn of(version: NodeVersion) -> Self {
        Self { second: version.at_least(2, 0), nested: version.at_least(2, 1), checks_fields: !version.at_least(2, 2) }
    }

    fn side_names(self) -> [&'static str; 2] {
        if self.second { ["inputA", "inputB"] } else { ["input1", "input2"] }
    }

    /// The value of a field as it is shown; one that is not there is null, and before version 2 so is all that is false.
    fn shown(self, value: Option<&Value>) -> Value {
        value.filter(|value| self.second || js::truthy(value)).cloned().unwrap_or(Value::Null)
    }
}

/// How to compare.
#[derive(Debug, Deserialize)]
#[serde(from = "Parameters")]
struct Comparison {
    pairs: Vec<Pair>,
    resolve: Resolve,
    near: bool,
    dots: bool,
    skip: Vec<FieldPath>,
    all_matches: bool,
}

#[derive(Debug)]
struct Pair {
    sides: [FieldPath; 2],
}

/// What leaves the node for two items that match but are not the same.
#[derive(Debug)]
enum Resolve {
    Side(usize),
    Mix { side: usize, except: Vec<FieldPath> },
    Both,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Parameters {
    merge_by_fields: PairsParameter,
    resolve: Text,
    fuzzy_compare: Flag,
    prefer_when_mix: Text,
    except_when_mix: FieldList,
    options: Options,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PairsParameter {
    values: Entries<PairParameter>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PairParameter {
    field1: Spelled,
    field2: Spelled,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Options {
    skip_fields: FieldList,
    fuzzy_compare: Flag,
    disable_dot_notation: Flag,
    multiple_matches: Text,
}

impl From<Parameters> for Comparison {
    fn from(parameters: Parameters) -> Self {
        let options = parameters.options;
        let dots = !options.disable_dot_notation.0;
        let path = |name: &String| FieldPath::with_dots(name, dots);
        let resolve = match parameters.resolve.0.as_str() {
            "preferInput1" => Resolve::Side(0),
            "preferInput2" => Resolve::Side(1),
            "mix" => Resolve::Mix {
                side: usize::from(parameters.prefer_when_mix.0 != "input1"),
                except: parameters.except_when_mix.0.iter().map(path).collect(),
            },
            _ => Resolve::Both,
        };
        let pair = |pair: PairParameter| Pair { sides: [path(&pair.field1.text), path(&pair.field2.text)] };
        Self {
            pairs: parameters.merge_by_fields.values.0.into_iter().map(pair).collect(),
            resolve,
            near: parameters.fuzzy_compare.0 || options.fuzzy_compare.0,
            dots,
            skip: options.skip_fields.0.iter().map(path).collect(),
            all_matches: options.multiple_matches.0 == "all",
        }
    }
}

/// An item of one of the inputs: which input, and its place among those that are not empty.
#[derive(Clone, Copy, Debug)]
struct Entry {
    side: usize,
    place: usize,
}

/// The items of both inputs that are not empty, linked to where they are. Mixing changes them, for all outputs that they go to, as in n8n.
struct Sides([Vec<Item>; 2]);

impl Sides {
    fn new(inputs: [&Batch; 2]) -> Self {
        let mut side = 0..;
        Self(inputs.map(|items| {
            let side = side.next().unwrap_or_default();
            let filled = items.iter().enumerate().filter(|(_, item)| !item.json().is_empty());
            filled.map(|(index, item)| item.clone().paired_with(Link::on(side, index))).collect()
        }))
    }

    fn entries(&self, side: usize) -> impl Iterator<Item = Entry> + use<> {
        (0..self.0[side].len()).map(move |place| Entry { side, place })
    }

    fn item(&self, entry: Entry) -> &Item {
        &self.0[entry.side][entry.place]
    }

    fn json(&self, entry: Entry) -> &Json {
        self.item(entry).json()
    }
}

/// What leaves the node: an item of an input, or a new one.
enum Leaving {
    Entry(Entry),
    New(Item),
}

impl Comparison {
    /// Items of input A alone, those that are the same, those that differ, items of input B alone.
    fn run(&self, inputs: [&Batch; 2], rules: Rules) -> Result<[Vec<Item>; 4], NodeError> {
        self.check_pairs()?;
        let mut sides = Sides::new(inputs);
        if rules.checks_fields {
            self.check_fields(&sides.0[0], (0, "Input A"))?;
            self.check_fields(&sides.0[1], (1, "Input B"))?;
        }
        if let Some(field) = self.skip.iter().find(|field| field.hides_dots()) {
            let message = format!("Dot notation is disabled, but field to skip comparing '{}' contains dot", field.as_str());
            return Err(NodeError::fatal(message));
        }
        let pairs: Vec<(Entry, Vec<Entry>)> = sides.entries(0).map(|entry| (entry, self.matches(entry, &sides, rules))).collect();
        let taken: HashSet<usize> = pairs.iter().flat_map(|(_, matches)| matches).map(|other| other.place).collect();
        let (mut only_a, mut same, mut different) = (Vec::new(), Vec::new(), Vec::new());
        for (entry, matches) in pairs {
            if matches.is_empty() {
                only_a.push(Leaving::Entry(entry));
            } else {
                same.extend(self.resolve(entry, &matches, (&mut sides, rules), &mut different)?.map(Leaving::Entry));
            }
        }
        let only_b = sides.entries(1).filter(|entry| !taken.contains(&entry.place)).map(Leaving::Entry).collect();
        let items = |leaving: Leaving| match leaving {
            Leaving::Entry(entry) => sides.item(entry).clone(),
            Leaving::New(item) => item,
        };
        Ok([only_a, same, different, only_b].map(|output: Vec<Leaving>| output.into_iter().map(items).collect()))
    }

    fn check_pairs(&self) -> Result<(), NodeError> {
        let blank = |pair: &Pair, side: usize| pair.sides[side].as_str().is_empty();
        if let [only] = self.pairs.as_slice()
            && blank(only, 0)
            && blank(only, 1)
        {
            return Err(NodeError::fatal("You need to define at least one pair of fields in \"Fields to Match\" to match on"));
        }
        match self.pairs.iter().position(|pair| blank(pair, 0) || blank(pair, 1)) {
            Some(index) => {
                let [first, second] = &self.pairs[index].sides;
                Err(NodeError::fatal(format!(
                    "You need to define both fields in \"Fields to Match\" for pair {}, field 1 = '{}' field 2 = '{}'",
                    index + 1,
                    first.as_str(),
                    second.as_str()
                )))
            }
            None => Ok(()),
        }
    }

    fn check_fields(&self, items: &[Item], (side, label): (usize, &str)) -> Result<(), NodeError> {
        let missing = |field: &&FieldPath| items.iter().all(|item| field.get(item.json()).is_none());
        match self.pairs.iter().map(|pair| &pair.sides[side]).find(|field| !items.is_empty() && missing(field)) {
            Some(field) => Err(NodeError::fatal(format!("Field '{}' is not present in any of items in '{label}'", field.as_str()))),
            None => Ok(()),
        }
    }

    /// The items of input B that match an item of input A. An item that lacks a field to match has no match.
    fn matches(&self, entry: Entry, sides: &Sides, rules: Rules) -> Vec<Entry> {
        // As in n8n, of two pairs with the same field of input B the later one counts.
        let counts = |(index, pair): &(usize, &Pair)| !self.pairs.iter().skip(index + 1).any(|later| later.sides[1] == pair.sides[1]);
        let pairs = self.pairs.iter().enumerate().filter(counts).map(|(_, pair)| pair);
        let wanted: Vec<(&FieldPath, Option<&Value>)> = pairs.map(|pair| (&pair.sides[1], pair.sides[0].get(sides.json(entry)))).collect();
        if wanted.iter().any(|(_, value)| value.is_none()) {
            return Vec::new();
        }
        let fits = |other: &Entry| wanted.iter().all(|(field, value)| self.equal(*value, field.get(sides.json(*other)), rules));
        sides.entries(1).filter(fits).take(if self.all_matches { usize::MAX } else { 1 }).collect()
    }

    fn equal(&self, a: Option<&Value>, b: Option<&Value>, rules: Rules) -> bool {
        if self.near { nearly_same(a, b, rules.second) } else { same(a, b) }
    }

    /// Adds what leaves the node for matches that differ; gives what leaves it for those that are the same.
    fn resolve(
        &self,
        entry: Entry,
        matches: &[Entry],
        (sides, rules): (&mut Sides, Rules),
        different: &mut Vec<Leaving>,
    ) -> Result<Option<Entry>, NodeError> {
        let mut equal = None;
        for &other in matches {
            if self.is_same(sides.json(entry), sides.json(other), rules) {
                let second = self.near && matches!(self.resolve, Resolve::Side(1));
                equal.get_or_insert(if second { other } else { entry });
                continue;
            }
            different.push(match &self.resolve {
                Resolve::Side(0) => Leaving::Entry(entry),
                Resolve::Side(_) => Leaving::Entry(other),
                Resolve::Mix { side, except } => {
                    let (kept, from) = if *side == 0 { (entry, other) } else { (other, entry) };
                    self.mix(sides, (kept, from), except);
                    Leaving::Entry(kept)
                }
                Resolve::Both => {
                    let links = [entry, other].map(|entry| sides.item(entry).paired().links().to_vec());
                    let both = self.both(sides.json(entry), sides.json(other), rules)?;
                    Leaving::New(Item::new(both).paired_with(Paired::many(links.into_iter().flatten())))
                }
            });
        }
        Ok(equal)
    }

    /// Takes some fields over from another item, under their whole names.
    fn mix(&self, sides: &mut Sides, (kept, from): (Entry, Entry), fields: &[FieldPath]) {
        for field in fields {
            let value = field.get(sides.json(from)).cloned().or_else(|| self.dots.then_some(Value::Null));
            let json = sides.0[kept.side][kept.place].json_mut();
            match value {
                Some(value) => json.insert(field.as_str().to_owned(), value),
                None => json.shift_remove(field.as_str()),
            };
        }
    }

    fn is_same(&self, a: &Json, b: &Json, rules: Rules) -> bool {
        let without = |json: &Json| {
            let mut json = json.clone();
            for field in &self.skip {
                field.remove(&mut json);
            }
            json
        };
        let (a, b) = (without(a), without(b));
        if self.near {
            // Fields that only the second item has are not looked at.
            return a.iter().all(|(name, value)| self.equal(Some(value), b.get(name), rules));
        }
        crate::conversion::deep_equal(&Value::Object(a), &Value::Object(b))
    }

    /// Both versions of two items: the fields that match, the same ones, the different ones, and those that were not compared.
    fn both(&self, a: &Json, b: &Json, rules: Rules) -> Result<Json, NodeError> {
        let keys = self.pairs.iter().map(|pair| pair.sides[0].as_str());
        let keys: Json = keys.filter_map(|name| Some((name.to_owned(), a.get(name)?.clone()))).collect();
        let names = a.keys().chain(b.keys().filter(|name| !a.contains_key(*name)));
        let (mut same, mut different, mut skipped) = (Json::new(), Json::new(), Json::new());
        for name in names {
            let (first, second) = (a.get(name), b.get(name));
            let compared = (first.is_some() && second.is_some()) || (self.near && rules.nested);
            if compared && self.equal(first, second, rules) {
                same.extend(first.map(|value| (name.clone(), value.clone())));
                // A field that the first item lacks is the same as nothing, and shows nowhere.
                continue;
            }
            let sides = [rules.shown(first), rules.shown(second)];
            let whole = self.skip.iter().any(|field| field.as_str() == name);
            if whole {
                skipped.insert(name.clone(), two_sides(sides, rules));
                continue;
            }
            let (rest, inner) = if rules.nested && self.dots { self.skip_within(name, sides)? } else { (sides, None) };
            different.insert(name.clone(), two_sides(rest, rules));
            skipped.extend(inner.map(|inner| (name.clone(), two_sides(inner, rules))));
        }
        let mut json =
            Json::from_iter([("keys".to_owned(), keys.into()), ("same".to_owned(), same.into()), ("different".to_owned(), different.into())]);
        if !skipped.is_empty() {
            json.insert("skipped".to_owned(), skipped.into());
        }
        Ok(json)
    }

    /// Takes the parts out of a field's two values that are not to be compared.
    fn skip_within(&self, name: &str, mut sides: [Value; 2]) -> Result<([Value; 2], Option<[Value; 2]>), NodeError> {
        let within: Vec<&str> = self.skip.iter().map(FieldPath::as_str).filter(|field| field.starts_with(name) && field.contains('.')).collect();
        if within.is_empty() {
            return Ok((sides, None));
        }
        if sides.iter().any(|side| matches!(side, Value::Bool(_) | Value::Number(_) | Value::String(_))) {
            return Err(NodeError::fatal(format!("The field '{name}' is not an object. It is not possible to use dot notation.")));
        }
        let taken = sides.each_mut().map(|side| {
            let mut taken = Json::new();
            for field in &within {
                let path = FieldPath::new(&field.replacen(&format!("{name}."), "", 1));
                if let Value::Object(fields) = side
                    && let Some(value) = path.remove(fields)
                {
                    path.set(&mut taken, value);
                }
            }
            Value::Object(taken)
        });
        Ok((sides, Some(taken)))
    }
}

fn two_sides(sides: [Value; 2], rules: Rules) -> Value {
    Value::Object(rules.side_names().map(str::to_owned).into_iter().zip(sides).collect())
}
