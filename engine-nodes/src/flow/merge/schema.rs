//! The parameters of Merge.

use engine_core::schema::{NodeGroup, NodeSchema, Port, Property, PropertyGroup, PropertyKind};
use serde_json::json;

pub(super) fn named() -> NodeSchema {
    NodeSchema::new("merge", "Merge")
        .alias("n8n-nodes-base.merge")
        .group(NodeGroup::Flow)
        .description("Brings the items of several inputs together")
        .inputs(Port::all(["Input 1", "Input 2"]))
}

pub(super) fn newest() -> NodeSchema {
    named()
        .versions([(2, 0), (2, 1), (3, 0), (3, 1), (3, 2)])
        .properties([
            Property::options("mode", ["append", "combine", "chooseBranch"]).until(3.0),
            Property::options("mode", ["append", "combine", "combineBySql", "chooseBranch"]).since(3.0),
            Property::options("combinationMode", ["mergeByFields", "mergeByPosition", "multiplex"]).until(3.0).show("mode", ["combine"]),
            Property::options("combineBy", ["combineByFields", "combineByPosition", "combineAll"]).since(3.0).show("mode", ["combine"]),
        ])
        .properties(by_fields())
        .properties([
            inputs().show("mode", ["append", "combineBySql", "chooseBranch"]),
            inputs().show("mode", ["combine"]).show("combineBy", ["combineByPosition"]),
            Property::string("query")
                .default("SELECT * FROM input1 LEFT JOIN input2 ON input1.name = input2.id")
                .since(3.0)
                .show("mode", ["combineBySql"]),
        ])
        .properties(choose())
        .property(options())
}

fn inputs() -> Property {
    Property::new("numberInputs", PropertyKind::Any, 2).since(3.0).description("How many inputs there are: 2 to 10")
}

fn by_fields() -> Vec<Property> {
    let joins = ["keepMatches", "keepNonMatches", "keepEverything", "enrichInput1", "enrichInput2"];
    let of_both = |property: Property| property.show("joinMode", ["keepMatches", "keepNonMatches"]);
    vec![
        Property::boolean("advanced", false).since(3.0).show("combineBy", ["combineByFields"]),
        Property::string("fieldsToMatchString").since(3.0).show("combineBy", ["combineByFields"]).show("advanced", [false]),
        pairs().since(3.0).show("combineBy", ["combineByFields"]).show("advanced", [true]),
        pairs().until(3.0).show("combinationMode", ["mergeByFields"]),
        Property::options("joinMode", joins).since(3.0).show("combineBy", ["combineByFields"]),
        Property::options("joinMode", joins).until(3.0).show("combinationMode", ["mergeByFields"]),
        of_both(Property::options("outputDataFrom", ["both", "input1", "input2"])),
    ]
}

/// A new node has one pair, of fields that are still to be named.
fn pairs() -> Property {
    let pair = PropertyGroup::new("values", [Property::string("field1"), Property::string("field2")]);
    Property::fixed_collection_list("mergeByFields", [pair]).default(json!({"values": [{"field1": "", "field2": ""}]}))
}

fn choose() -> Vec<Property> {
    let branch = |property: Property| property.show("mode", ["chooseBranch"]);
    vec![
        branch(Property::options("chooseBranchMode", ["waitForBoth"])).until(3.0),
        branch(Property::options("chooseBranchMode", ["waitForAll"])).since(3.0),
        branch(Property::options("output", ["input1", "input2", "empty"])).until(3.0),
        branch(Property::options("output", ["specifiedInput", "empty"])).since(3.0),
        branch(Property::new("useDataOfInput", PropertyKind::Any, 1)).since(3.0).show("output", ["specifiedInput"]),
    ]
}

fn options() -> Property {
    let clash = [
        Property::new("resolveClash", PropertyKind::Any, ""),
        Property::options("mergeMode", ["deepMerge", "shallowMerge"]),
        Property::boolean("overrideEmpty", false).description("Whether empty values give way, whichever input is preferred"),
    ];
    let choices = [
        Property::fixed_collection("clashHandling", [PropertyGroup::new("values", clash)]),
        Property::boolean("disableDotNotation", false),
        Property::boolean("fuzzyCompare", false).description("Whether small differences of type do not count"),
        Property::boolean("includeUnpaired", false).description("Whether items without a partner are given too"),
        Property::options("multipleMatches", ["all", "first"]),
        Property::options("emptyQueryResult", ["success", "empty"]).default("empty"),
        Property::new("queryParameters", PropertyKind::Any, "").description("Values for the question marks of the query, with commas between"),
    ];
    Property::collection("options", choices)
}
