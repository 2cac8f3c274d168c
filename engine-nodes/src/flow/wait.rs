//! Wait: the execution goes on after a time, at a time, or when it is called from outside.

use std::time::Duration;

use async_trait::async_trait;
use engine_core::expression::{Scope, js};
use engine_core::model::Timestamp;
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Parameter, Resume, Wait as Waiting};
use engine_core::schema::{Effect, NodeGroup, NodeSchema, Property, PropertyGroup, PropertyKind};
use serde_json::{Value, json};

use crate::conversion::Dates;
use crate::node_type::{Compiled, Definition, ready};

const UNITS: [&str; 4] = ["seconds", "minutes", "hours", "days"];

pub(super) fn definition() -> Definition {
    Definition::new(schema(), compile)
}

fn schema() -> NodeSchema {
    NodeSchema::new("wait", "Wait")
        .alias("n8n-nodes-base.wait")
        .versions([(1, 0), (1, 1)])
        .group(NodeGroup::Flow)
        .description("Goes on after a time, at a time, or when a request arrives")
        .effect(Effect::Pure)
        .properties([
            Property::options("resume", ["timeInterval", "specificTime", "webhook", "form"]),
            Property::new("dateTime", PropertyKind::Any, "").show("resume", ["specificTime"]),
            Property::new("amount", PropertyKind::Any, 1).until(1.1).show("resume", ["timeInterval"]),
            Property::new("amount", PropertyKind::Any, 5).since(1.1).show("resume", ["timeInterval"]),
            Property::options("unit", UNITS).default("hours").until(1.1).show("resume", ["timeInterval"]),
            Property::options("unit", UNITS).since(1.1).show("resume", ["timeInterval"]),
        ])
        .properties(from_outside())
        .properties(webhook())
        .properties(form())
}

/// Parameters of both ways to be resumed from outside.
fn from_outside() -> Vec<Property> {
    let limited = |property: Property| property.show("limitWaitTime", [true]).show("resume", ["webhook", "form"]);
    let interval = |property: Property| limited(property).show("limitType", ["afterTimeInterval"]);
    vec![
        Property::options("incomingAuthentication", ["none", "basicAuth", "headerAuth", "jwtAuth"]).show("resume", ["webhook", "form"]),
        Property::boolean("limitWaitTime", false).show("resume", ["webhook", "form"]),
        limited(Property::options("limitType", ["afterTimeInterval", "atSpecifiedTime"])),
        interval(Property::new("resumeAmount", PropertyKind::Any, 1)),
        interval(Property::options("resumeUnit", UNITS).default("hours")),
        limited(Property::new("maxDateAndTime", PropertyKind::Any, "")).show("limitType", ["atSpecifiedTime"]),
    ]
}

fn webhook() -> Vec<Property> {
    let at_webhook = |property: Property| property.show("resume", ["webhook"]);
    let header = PropertyGroup::new("entries", [Property::string("name"), Property::string("value")]);
    let options = [
        Property::boolean("binaryData", false),
        Property::string("binaryPropertyName").default("data"),
        Property::boolean("ignoreBots", false),
        Property::string("ipWhitelist"),
        Property::boolean("noResponseBody", false),
        Property::boolean("rawBody", false),
        Property::new("responseData", PropertyKind::Any, ""),
        Property::string("responseContentType"),
        Property::fixed_collection_list("responseHeaders", [header]),
        Property::string("responsePropertyName").default("data"),
        Property::string("webhookSuffix"),
    ];
    vec![
        at_webhook(Property::options("httpMethod", ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"])),
        at_webhook(Property::new("responseCode", PropertyKind::Any, 200)),
        at_webhook(Property::options("responseMode", ["onReceived", "lastNode", "responseNode", "streaming"])),
        at_webhook(Property::options("responseData", ["firstEntryJson", "allEntries", "firstEntryBinary", "noData"])),
        at_webhook(Property::string("responseBinaryPropertyName").default("data")),
        at_webhook(Property::collection("options", options)),
    ]
}

fn form() -> Vec<Property> {
    let at_form = |property: Property| property.show("resume", ["form"]);
    vec![
        at_form(Property::string("formTitle")),
        at_form(Property::string("formDescription")),
        at_form(Property::new("formFields", PropertyKind::Any, json!({}))),
        at_form(Property::options("responseMode", ["onReceived", "lastNode", "responseNode"])),
        at_form(Property::new("options", PropertyKind::Any, json!({}))),
    ]
}

fn compile(spec: &NodeSpec) -> Compiled {
    let node = match spec.text("resume").as_str() {
        "specificTime" => Wait::Until(spec.parameter("dateTime")),
        "webhook" | "form" => Wait::Resume(Box::new(FromOutside::compile(spec))),
        _ => Wait::For { amount: spec.parameter("amount"), unit: spec.parameter("unit") },
    };
    ready(node)
}

#[derive(Debug)]
enum Wait {
    For { amount: Parameter, unit: Parameter },
    Until(Parameter),
    Resume(Box<FromOutside>),
}

/// Waiting for a request, at most until a time.
#[derive(Debug)]
struct FromOutside {
    suffix: Parameter,
    limited: Parameter,
    at_time: Parameter,
    amount: Parameter,
    unit: Parameter,
    latest: Parameter,
}

#[async_trait]
impl Node for Wait {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let scope = context.scope(0);
        let wait = match self {
            Self::For { amount, unit } => Waiting::for_duration(context.now(), interval((amount, unit), &scope).await?),
            Self::Until(time) => Waiting::until(time_of(time, &scope).await?),
            Self::Resume(request) => request.wait(&context).await?,
        };
        Ok(wait.into())
    }
}

impl FromOutside {
    fn compile(spec: &NodeSpec) -> Self {
        Self {
            suffix: spec.parameter("options.webhookSuffix"),
            limited: spec.parameter("limitWaitTime"),
            at_time: spec.parameter("limitType"),
            amount: spec.parameter("resumeAmount"),
            unit: spec.parameter("resumeUnit"),
            latest: spec.parameter("maxDateAndTime"),
        }
    }

    async fn wait(&self, context: &NodeContext) -> Result<Waiting, NodeError> {
        let scope = context.scope(0);
        let suffix = self.suffix.resolve(&scope).await?.map(|suffix| js::to_string(&suffix).into_owned()).filter(|suffix| suffix != "null");
        let options = Value::Object(context.parameters().clone());
        let mut wait = Waiting::for_resume(Resume { suffix: suffix.unwrap_or_default(), options });
        if self.limited.resolve(&scope).await?.is_some_and(|limited| limited == true) {
            let at_time = self.at_time.resolve(&scope).await?.is_some_and(|kind| kind == "atSpecifiedTime");
            wait.until = Some(if at_time {
                time_of(&self.latest, &scope).await?
            } else {
                context.now().after(interval((&self.amount, &self.unit), &scope).await?)
            });
        }
        Ok(wait)
    }
}

/// The duration of an amount and a unit.
async fn interval((amount, unit): (&Parameter, &Parameter), scope: &dyn Scope) -> Result<Duration, NodeError> {
    let amount = amount.resolve(scope).await?.map_or(f64::NAN, |amount| js::to_number(&amount));
    let unit = unit.resolve(scope).await?.unwrap_or(Value::Null);
    let seconds = match unit.as_str() {
        Some("seconds") => 1.0,
        Some("minutes") => 60.0,
        Some("hours") => 3600.0,
        Some("days") => 86400.0,
        _ => return Err(NodeError::fatal("Invalid wait unit. Valid units are 'seconds', 'minutes', 'hours', or 'days'.")),
    };
    if amount.is_nan() || amount < 0.0 {
        return Err(NodeError::fatal("Invalid wait amount. Please enter a number that is 0 or greater."));
    }
    Duration::try_from_secs_f64(amount * seconds).map_err(|_| NodeError::fatal("Invalid wait amount. It is too large."))
}

/// The time that a parameter gives.
async fn time_of(parameter: &Parameter, scope: &dyn Scope) -> Result<Timestamp, NodeError> {
    let value = parameter.resolve(scope).await?.unwrap_or(Value::Null);
    let time = Dates::of(scope).parse_value(&value).map(|date| date.instant());
    time.ok_or_else(|| {
        NodeError::fatal("Cannot put execution to wait because the date and time is not a valid date")
            .with_description("pick a date and time to wait until, such as 2026-11-23T12:00:00")
    })
}
