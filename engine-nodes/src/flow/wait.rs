//! Wait: the execution goes on after a time, at a time, or when it is called from outside.

use std::time::Duration;

use async_trait::async_trait;
use engine_core::expression::{Scope, js};
use engine_core::form::Form;
use engine_core::model::{Json, Timestamp};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Parameter, Resume, Wait as Waiting};
use engine_core::schema::{Effect, NodeGroup, NodeSchema, Property, PropertyGroup, PropertyKind};
use serde_json::{Value, json};

use super::form;
use crate::conversion::Dates;
use crate::form_fields;
use crate::node_type::{Compiled, Definition, ready};
use crate::settings::Settings;

const UNITS: [&str; 4] = ["seconds", "minutes", "hours", "days"];

pub(super) fn definition() -> Definition {
    Definition { prepare: Some(form_fields::prepare), ..Definition::new(schema(), compile) }
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
        .properties(at_form())
}

/// Parameters of both ways to be resumed from outside.
fn from_outside() -> Vec<Property> {
    let mut properties = vec![Property::options("incomingAuthentication", ["none", "basicAuth", "headerAuth", "jwtAuth"])];
    properties.extend(limit());
    properties.into_iter().map(|property| property.show("resume", ["webhook", "form"])).collect()
}

/// Parameters that say how long somebody is waited for.
pub(super) fn limit() -> Vec<Property> {
    let limited = |property: Property| property.show("limitWaitTime", [true]);
    let interval = |property: Property| limited(property).show("limitType", ["afterTimeInterval"]);
    vec![
        Property::boolean("limitWaitTime", false),
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

fn at_form() -> Vec<Property> {
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

/// Waiting for a request, or for a person who fills in a form.
#[derive(Debug)]
struct FromOutside {
    suffix: Parameter,
    form: Option<Parameter>,
    limit: Limit,
}

/// How long somebody is waited for.
#[derive(Debug)]
pub(super) struct Limit {
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
        let form = (spec.text("resume") == "form").then(|| spec.parameters.clone());
        Self { suffix: spec.parameter("options.webhookSuffix"), form, limit: Limit::compile(spec) }
    }

    async fn wait(&self, context: &NodeContext) -> Result<Waiting, NodeError> {
        let suffix = self.suffix.resolve(&context.scope(0)).await?.map(|suffix| js::to_string(&suffix).into_owned());
        let suffix = suffix.filter(|suffix| suffix != "null").unwrap_or_default();
        let options = Value::Object(context.parameters().clone());
        let resume = match &self.form {
            None => Resume { suffix, options },
            Some(parameters) => {
                let page = page(parameters, context).await?;
                let resume = form::resume(context, options, &page)?;
                if suffix.is_empty() { resume } else { Resume { suffix, ..resume } }
            }
        };
        Ok(Waiting { until: self.limit.until(context).await?, resume: Some(resume) })
    }
}

/// The page that is waited for.
async fn page(parameters: &Parameter, context: &NodeContext) -> Result<Form, NodeError> {
    let parameters = parameters.resolve(&context.scope(0)).await?.unwrap_or(Value::Null);
    let empty = Json::new();
    let settings = Settings::new(parameters.as_object().unwrap_or(&empty));
    let options = settings.group("options");
    Ok(Form {
        title: settings.text("formTitle"),
        description: settings.text("formDescription").replace("\\n", "\n"),
        button: options.text("buttonLabel"),
        css: options.text("customCss"),
        fields: form_fields::read(settings.group("formFields").get("values").unwrap_or(&Value::Null)),
        utc: !options.flag_or("useWorkflowTimezone", true),
        ending: None,
    })
}

impl Limit {
    pub(super) fn compile(spec: &NodeSpec) -> Self {
        Self {
            limited: spec.parameter("limitWaitTime"),
            at_time: spec.parameter("limitType"),
            amount: spec.parameter("resumeAmount"),
            unit: spec.parameter("resumeUnit"),
            latest: spec.parameter("maxDateAndTime"),
        }
    }

    /// Until when; `None` for ever.
    pub(super) async fn until(&self, context: &NodeContext) -> Result<Option<Timestamp>, NodeError> {
        let scope = context.scope(0);
        if self.limited.resolve(&scope).await?.is_none_or(|limited| limited != true) {
            return Ok(None);
        }
        let at_time = self.at_time.resolve(&scope).await?.is_some_and(|kind| kind == "atSpecifiedTime");
        Ok(Some(if at_time {
            time_of(&self.latest, &scope).await?
        } else {
            context.now().after(interval((&self.amount, &self.unit), &scope).await?)
        }))
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
