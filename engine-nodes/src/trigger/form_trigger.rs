//! Form Trigger: a person who sends a form starts the workflow. The HTTP side shows the form and takes its fields; this node gives them their names and types.

use std::collections::BTreeMap;

use async_trait::async_trait;
use engine_core::execution::ExecutionMode;
use engine_core::expression::{Scope, js};
use engine_core::form::{Answer, Ending, EndingPage, Form, sent_at};
use engine_core::model::Item;
use engine_core::node::{Activation, Node, NodeContext, NodeError, NodeOutput, NodeSpec, ResponseMode, WebhookSpec};
use engine_core::schema::{NodeSchema, Property, PropertyKind};
use serde_json::Value;

use super::webhook::response_mode;
use crate::form_fields;
use crate::node_type::{Activations, Compiled, Definition, ready};

pub(super) fn definition() -> Definition {
    Definition { activations: Some(activations), prepare: Some(form_fields::prepare), ..Definition::new(schema(), compile) }
}

fn schema() -> NodeSchema {
    NodeSchema::new("form_trigger", "Form Trigger")
        .alias("n8n-nodes-base.formTrigger")
        .versions([(1, 0), (2, 0), (2, 1), (2, 2), (2, 3), (2, 4), (2, 5), (2, 6)])
        .description("Starts the workflow when a person sends a form")
        .trigger()
        .properties([
            Property::options("authentication", ["none", "basicAuth"]),
            Property::string("path"),
            Property::string("formTitle"),
            Property::string("formDescription"),
            form_fields::property(),
            Property::options("responseMode", ["onReceived", "lastNode", "responseNode"]),
            options(),
        ])
}

fn options() -> Property {
    Property::collection(
        "options",
        [
            Property::boolean("appendAttribution", true),
            Property::string("buttonLabel").default("Submit"),
            Property::string("path"),
            Property::string("customCss"),
            Property::boolean("ignoreBots", false),
            Property::string("ipWhitelist"),
            Property::string("formSubmittedText"),
            Property::new("respondWithOptions", PropertyKind::Any, serde_json::json!({})),
            Property::boolean("useWorkflowTimezone", true),
        ],
    )
}

fn compile(spec: &NodeSpec) -> Compiled {
    ready(FormTrigger { form: form(spec) })
}

/// The first page. Nothing has run when it is shown, so expressions in it have nothing to see and are left out.
fn form(spec: &NodeSpec) -> Form {
    let utc = spec.constant("options.useWorkflowTimezone").is_some_and(|flag| !js::truthy(&flag));
    Form {
        title: spec.text("formTitle"),
        description: spec.text("formDescription").replace("\\n", "\n"),
        button: spec.text("options.buttonLabel"),
        css: spec.text("options.customCss"),
        fields: form_fields::read(&form_fields::constants(&spec.parameter("formFields.values"))),
        utc,
        ending: ending(spec),
    }
}

/// What is shown when the form was sent, where the workflow says so here.
fn ending(spec: &NodeSpec) -> Option<Ending> {
    let said = |name: &str| spec.text(&format!("options.respondWithOptions.values.{name}"));
    if said("respondWith") == "redirect" {
        return form_fields::web_address(&said("redirectUrl")).map(|url| Ending::Redirect { url });
    }
    let text = [said("formSubmittedText"), spec.text("options.formSubmittedText")].into_iter().find(|text| !text.is_empty())?;
    let (form_title, css) = (spec.text("formTitle"), spec.text("options.customCss"));
    Some(Ending::Page(EndingPage { form_title, message: text, css, ..EndingPage::default() }))
}

fn activations(spec: &NodeSpec) -> Activations {
    let given = [spec.text("path"), spec.text("options.path"), spec.webhook_id.as_deref().unwrap_or_default().to_owned()];
    let path = given.iter().map(|path| path.trim_matches('/')).find(|path| !path.is_empty());
    let Some(path) = path else { return Err(vec![spec.invalid("path", "a form needs a path")]) };
    let response_mode = match response_mode(&spec.text("responseMode")) {
        ResponseMode::Streaming => ResponseMode::OnReceived,
        other => other,
    };
    Ok(vec![Activation::Webhook(WebhookSpec {
        methods: vec!["GET".to_owned(), "POST".to_owned()],
        path: path.to_owned(),
        response_mode,
        output_per_method: false,
        parameters: Value::Object((*spec.source).clone()),
        version: spec.version.as_f64(),
        form: Some(Box::new(form(spec))),
    })])
}

#[derive(Debug)]
struct FormTrigger {
    form: Form,
}

#[async_trait]
impl Node for FormTrigger {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        if context.items().is_empty() {
            return Ok(vec![Item::default()].into());
        }
        let scope = context.scope(0);
        let zone = (!self.form.utc).then_some(&*scope.facts().time_zone);
        let sent = sent_at(context.now(), zone);
        let mode = if context.mode() == ExecutionMode::Manual { "test" } else { "production" };
        let shape = |item: &Item| match item.json().get("body") {
            Some(Value::Object(body)) => {
                let none = BTreeMap::new();
                let answer = Answer { body, files: item.binary().unwrap_or(&none) };
                let mut shaped = self.form.item(answer, (&sent, mode));
                if let Some(Value::Object(query)) = item.json().get("query").filter(|query| query.as_object().is_some_and(|query| !query.is_empty()))
                {
                    shaped.json_mut().insert("formQueryParameters".to_owned(), Value::Object(query.clone()));
                }
                shaped
            }
            _ => item.clone(),
        };
        Ok(context.items().iter().map(shape).collect::<Vec<_>>().into())
    }
}
