//! Item Lists: the older node that did what Split Out, Aggregate, Remove Duplicates, Sort, Limit and Summarize do now.

use engine_core::model::Paired;
use engine_core::node::NodeSpec;
use engine_core::schema::{NodeGroup, NodeSchema, Property, PropertyGroup};
use serde::Deserialize;

use super::aggregate::{self, Aggregate, WholeItems};
use super::batch_node::BatchNode;
use super::limit;
use super::parameters::{Entries, FieldList, Text};
use super::remove_duplicates::{self, Duplicates};
use super::sort;
use super::split_out::{self, SplitOut};
use super::summarize::{self, Summary};
use crate::conversion::FieldPath;
use crate::node_type::Compiled;

const SPLIT: &str = "splitOutItems";
const AGGREGATE: &str = "aggregateItems";
const CONCATENATE: &str = "concatenateItems";
const DUPLICATES: &str = "removeDuplicates";
const SUMMARIZE: &str = "summarize";

pub(super) fn schema() -> NodeSchema {
    let operations =
        |aggregate: &'static str| Property::options("operation", [aggregate, "limit", DUPLICATES, "sort", SPLIT, SUMMARIZE]).default(SPLIT);
    NodeSchema::new("item_lists", "Item Lists")
        .alias("n8n-nodes-base.itemLists")
        .versions([(1, 0), (2, 0), (2, 1), (2, 2), (3, 0), (3, 1)])
        .group(NodeGroup::Transform)
        .description("Works with lists of items and lists within items")
        .property(Property::options("resource", ["itemList"]))
        .property(operations(AGGREGATE).until(3.0))
        .property(operations(CONCATENATE).since(3.0))
        .properties(limit::properties().map(|property| property.show("operation", ["limit"])))
        .properties(sort::properties().map(|property| property.show("operation", ["sort"])))
        .properties(summarize::properties().map(|property| property.show("operation", [SUMMARIZE])))
        .property(Property::collection("options", summarize::options()).show("operation", [SUMMARIZE]))
        .properties(newer_properties().into_iter().map(|property| property.since(3.0)))
        .properties(older_properties().into_iter().map(|property| property.until(3.0)))
}

/// The parameters of version 3 that differ from those before: fields are named in texts, separated by commas.
fn newer_properties() -> Vec<Property> {
    let of = |operation: &'static str| move |property: Property| property.show("operation", [operation]);
    let mut properties: Vec<Property> = split_out::properties().into_iter().map(of(SPLIT)).collect();
    properties.extend(aggregate::properties().into_iter().map(of(CONCATENATE)));
    properties.push(of(CONCATENATE)(Property::collection("options", aggregate::options())));
    properties.extend(remove_duplicates::properties().into_iter().map(of(DUPLICATES)));
    properties.push(of(DUPLICATES)(duplicates_options()));
    properties
}

fn duplicates_options() -> Property {
    Property::collection("options", remove_duplicates::options()).show("compare", ["allFieldsExcept", "selectedFields"])
}

/// The parameters of versions 1 and 2: fields are named in lists of objects.
fn older_properties() -> Vec<Property> {
    let fields = |name: &str| Property::fixed_collection_list(name, [PropertyGroup::new("fields", [Property::string("fieldName")])]);
    let of = |operation: &'static str| move |property: Property| property.show("operation", [operation]);
    let [split, include, _, _] = split_out::properties();
    let [aggregate, to_aggregate, destination, included, _, _] = aggregate::properties();
    let [compare, _, _] = remove_duplicates::properties();
    let [dots, merge_lists, _, _, keep_missing] = aggregate::options();
    let split_options = [dots.clone(), Property::string("destinationFieldName")];
    let all_items =
        |property: Property, include: &'static str| of(AGGREGATE)(property.show("aggregate", ["aggregateAllItemData"]).show("include", [include]));
    vec![
        of(SPLIT)(split),
        of(SPLIT)(include),
        of(SPLIT)(fields("fieldsToInclude").show("include", ["selectedOtherFields"])),
        of(SPLIT)(Property::collection("options", split_options)),
        of(AGGREGATE)(aggregate),
        of(AGGREGATE)(to_aggregate),
        of(AGGREGATE)(destination),
        of(AGGREGATE)(included),
        all_items(fields("fieldsToExclude"), "allFieldsExcept"),
        all_items(fields("fieldsToInclude"), "specifiedFields"),
        of(AGGREGATE)(Property::collection("options", [dots, merge_lists, keep_missing]).hide("aggregate", ["aggregateAllItemData"])),
        of(DUPLICATES)(compare),
        of(DUPLICATES)(fields("fieldsToExclude").show("compare", ["allFieldsExcept"])),
        of(DUPLICATES)(fields("fieldsToCompare").show("compare", ["selectedFields"])),
        of(DUPLICATES)(duplicates_options()),
    ]
}

pub(super) fn compile(spec: &NodeSpec) -> Compiled {
    let older = !spec.version.at_least(3, 0);
    match spec.text("operation").as_str() {
        SPLIT if older => compile_split(spec),
        SPLIT => split_out::compile(spec),
        AGGREGATE => compile_aggregate(spec),
        CONCATENATE => aggregate::compile(spec),
        DUPLICATES => compile_duplicates(spec),
        "sort" => sort::compile(spec),
        "limit" => limit::compile(spec),
        SUMMARIZE => compile_summarize(spec),
        other => Err(vec![spec.invalid("operation", format!("Operation '{other}' is not recognized"))]),
    }
}

/// The names of a list of fields: `{fields: [{fieldName}]}`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NamedFields {
    fields: Entries<NamedField>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct NamedField {
    field_name: Text,
}

impl NamedFields {
    fn names(self) -> Vec<String> {
        self.fields.0.into_iter().map(|field| field.field_name.0).collect()
    }
}

fn compile_split(spec: &NodeSpec) -> Compiled {
    use split_out::Rules;
    match spec.version {
        version if version.at_least(2, 2) => split_out::compile_as::<SplitFields>(spec, Rules::Any),
        version if version.at_least(2, 1) => split_out::compile_as::<SplitFields>(spec, Rules::ContainersOrMissing),
        version if version.at_least(2, 0) => split_out::compile_as::<SplitFields>(spec, Rules::OnlyContainers),
        _ => split_out::compile_as::<SplitField>(spec, Rules::OnlyLists),
    }
}

/// Splitting as version 2 has it: several fields.
#[derive(Deserialize)]
#[serde(from = "SplitParameters")]
struct SplitFields(SplitOut);

/// Splitting as version 1 has it: one field, commas and all.
#[derive(Deserialize)]
#[serde(from = "SplitParameters")]
struct SplitField(SplitOut);

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SplitParameters {
    field_to_split_out: Text,
    include: split_out::Include,
    fields_to_include: NamedFields,
    options: split_out::Options,
}

impl SplitParameters {
    fn read(self, names: fn(&str) -> Vec<String>) -> SplitOut {
        let dots = !self.options.disable_dot_notation.0;
        SplitOut {
            fields: names(&self.field_to_split_out.0).iter().map(|name| FieldPath::with_dots(name, dots)).collect(),
            destinations: names(&self.options.destination_field_name.0).into_iter().filter(|name| !name.is_empty()).collect(),
            others: self.include.others(&self.fields_to_include.names(), dots),
            with_binary: false,
            splits_files: false,
        }
    }
}

impl From<SplitParameters> for SplitFields {
    fn from(parameters: SplitParameters) -> Self {
        Self(parameters.read(|names| FieldList::parse(names).0))
    }
}

impl From<SplitParameters> for SplitField {
    fn from(parameters: SplitParameters) -> Self {
        Self(parameters.read(|name| vec![name.to_owned()]))
    }
}

impl AsRef<SplitOut> for SplitFields {
    fn as_ref(&self) -> &SplitOut {
        &self.0
    }
}

impl AsRef<SplitOut> for SplitField {
    fn as_ref(&self) -> &SplitOut {
        &self.0
    }
}

fn compile_aggregate(spec: &NodeSpec) -> Compiled {
    match spec.version {
        version if version.at_least(2, 1) => BatchNode::<OlderAggregate>::compile(spec, |aggregate, items| Ok(aggregate.0.run(items)?.into())),
        version if version.at_least(2, 0) => {
            BatchNode::<OlderAggregate>::compile(spec, |aggregate, items| Ok(aggregate.0.run_strictly(items)?.into()))
        }
        _ => BatchNode::<OlderAggregate>::compile(spec, |aggregate, items| {
            // The first version does not say which items it put together.
            let items = aggregate.0.run_strictly(items)?;
            let forgets = matches!(aggregate.0.what, aggregate::What::Items(_));
            Ok(if forgets { items.into_iter().map(|item| item.paired_with(Paired::Unknown)).collect::<Vec<_>>().into() } else { items.into() })
        }),
    }
}

/// Aggregating as versions 1 and 2 have it: no files, no groups.
#[derive(Deserialize)]
#[serde(from = "AggregateParameters")]
struct OlderAggregate(Aggregate);

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AggregateParameters {
    aggregate: Text,
    fields_to_aggregate: aggregate::FieldsParameter,
    destination_field_name: Text,
    fields_to_exclude: NamedFields,
    fields_to_include: NamedFields,
    options: aggregate::Options,
}

impl From<AggregateParameters> for OlderAggregate {
    fn from(parameters: AggregateParameters) -> Self {
        let what = if parameters.aggregate.0 == "aggregateIndividualFields" {
            aggregate::What::Fields(parameters.options.fields(parameters.fields_to_aggregate))
        } else {
            aggregate::What::Items(WholeItems {
                destination: parameters.destination_field_name.0,
                exclude: parameters.fields_to_exclude.names(),
                include: parameters.fields_to_include.names(),
            })
        };
        Self(Aggregate::plain(what))
    }
}

fn compile_duplicates(spec: &NodeSpec) -> Compiled {
    use remove_duplicates::Rules;
    match spec.version {
        version if version.at_least(3, 1) => {
            BatchNode::<Duplicates>::compile(spec, |duplicates, items| Ok(duplicates.run(items, Rules::AnyType)?.into()))
        }
        version if version.at_least(3, 0) => {
            BatchNode::<Duplicates>::compile(spec, |duplicates, items| Ok(duplicates.run(items, Rules::OneType)?.into()))
        }
        _ => BatchNode::<OlderDuplicates>::compile(spec, |duplicates, items| Ok(duplicates.0.run(items, Rules::OneType)?.into())),
    }
}

/// Duplicates as versions 1 and 2 have them.
#[derive(Deserialize)]
#[serde(from = "DuplicatesParameters")]
struct OlderDuplicates(Duplicates);

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DuplicatesParameters {
    compare: Text,
    fields_to_exclude: NamedFields,
    fields_to_compare: NamedFields,
    options: remove_duplicates::Options,
}

impl From<DuplicatesParameters> for OlderDuplicates {
    fn from(parameters: DuplicatesParameters) -> Self {
        let fields = (parameters.fields_to_exclude.names(), parameters.fields_to_compare.names());
        Self(Duplicates::new(&parameters.compare.0, fields, &parameters.options))
    }
}

fn compile_summarize(spec: &NodeSpec) -> Compiled {
    use summarize::Rules;
    const FIRST: Rules = Rules::ItemLists { only_numbers: true, check_fields: true, clean_names: false };
    const SECOND: Rules = Rules::ItemLists { only_numbers: true, check_fields: true, clean_names: true };
    const LATER: Rules = Rules::ItemLists { only_numbers: true, check_fields: false, clean_names: true };
    const THIRD: Rules = Rules::ItemLists { only_numbers: false, check_fields: false, clean_names: true };
    match spec.version {
        version if version.at_least(3, 0) => BatchNode::<Summary>::compile(spec, |summary, items| Ok(summary.run(items, THIRD)?.into())),
        version if version.at_least(2, 1) => BatchNode::<Summary>::compile(spec, |summary, items| Ok(summary.run(items, LATER)?.into())),
        version if version.at_least(2, 0) => BatchNode::<Summary>::compile(spec, |summary, items| Ok(summary.run(items, SECOND)?.into())),
        _ => BatchNode::<Summary>::compile(spec, |summary, items| Ok(summary.run(items, FIRST)?.into())),
    }
}
