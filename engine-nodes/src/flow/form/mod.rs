//! Form: a further page of a form, or its end. A page puts the execution to wait; the HTTP side shows it, and what is sent leaves the node.

mod schema;

use async_trait::async_trait;
use engine_core::expression::js;
use engine_core::form::{Ending, EndingPage, Field, Form as Page};
use engine_core::model::{Binary, Item, Json};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Parameter, Resume, Wait};
use serde_json::Value;

use super::wait::Limit;
use crate::form_fields;
use crate::node_type::{Compiled, Definition, ready};
use crate::settings::Settings;

pub(super) fn definition() -> Definition {
    Definition { prepare: Some(prepare), ..Definition::new(schema::schema(), compile) }
}

fn prepare(parameters: &mut Json) {
    form_fields::prepare(parameters);
    parameters.get_mut("jsonOutput").into_iter().for_each(form_fields::mark);
}

fn compile(spec: &NodeSpec) -> Compiled {
    let parameters = spec.parameters.clone();
    match spec.text("operation").as_str() {
        "completion" => ready(Form::Ending(parameters)),
        _ => ready(Form::Page(parameters, Box::new(Limit::compile(spec)))),
    }
}

#[derive(Debug)]
enum Form {
    Page(Parameter, Box<Limit>),
    Ending(Parameter),
}

#[async_trait]
impl Node for Form {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let first = context.form().cloned().ok_or_else(|| NodeError::fatal("Form Trigger node must be set before this node"))?;
        match self {
            Self::Page(parameters, limit) => {
                let parameters = resolve(parameters, &context).await?;
                let mut page = page(Settings::new(&parameters), first)?;
                fill_in(&mut page, context.form_item().as_ref());
                let until = limit.until(&context).await?;
                Ok(Wait { until, resume: Some(resume(&context, Value::Null, &page)?) }.into())
            }
            Self::Ending(parameters) => {
                let parameters = resolve(parameters, &context).await?;
                let (ending, file) = ending(Settings::new(&parameters), &first, &context)?;
                ending.remember(&mut context.memory(), file);
                Ok(context.items().clone().into())
            }
        }
    }
}

async fn resolve(parameters: &Parameter, context: &NodeContext) -> Result<Json, NodeError> {
    match parameters.resolve(&context.scope(0)).await? {
        Some(Value::Object(parameters)) => Ok(parameters),
        _ => Ok(Json::new()),
    }
}

/// Where a page waits. Each run of a node waits at a place of its own: a page that is sent twice is never taken for the one that comes after it.
pub(super) fn resume(context: &NodeContext, options: Value, page: &Page) -> Result<Resume, NodeError> {
    let suffix = format!("page-{}-{}", context.run_index(), context.facts().node.id);
    Resume { suffix, options }.with_form(page)
}

fn page(settings: Settings<'_>, first: Page) -> Result<Page, NodeError> {
    let options = settings.group("options");
    Ok(Page {
        title: options.filled("formTitle").unwrap_or(first.title),
        description: options.text("formDescription").replace("\\n", "\n"),
        button: options.filled("buttonLabel").unwrap_or(first.button),
        css: options.text("customCss"),
        fields: fields(settings)?,
        utc: first.utc,
        ending: None,
    })
}

/// What the address of the first page said counts on later pages as well.
fn fill_in(page: &mut Page, first: Option<&Item>) {
    let Some(Value::Object(said)) = first.and_then(|item| item.json().get("formQueryParameters")) else { return };
    for field in &mut page.fields {
        if let Some(Value::String(text)) = said.get(&field.name).or_else(|| said.get(&field.label)) {
            field.default.clone_from(text);
        }
    }
}

fn fields(settings: Settings<'_>) -> Result<Vec<Field>, NodeError> {
    if settings.text("defineForm") != "json" {
        return Ok(form_fields::read(settings.group("formFields").get("values").unwrap_or(&Value::Null)));
    }
    let unfit = |what: String| NodeError::fatal("The form's fields cannot be read").with_description(what);
    let list = match settings.get("jsonOutput") {
        Some(Value::String(text)) => serde_json::from_str(text).map_err(|error| unfit(format!("this is no JSON: {error}")))?,
        Some(value) => value.clone(),
        None => Value::Null,
    };
    let is_list = list.as_array().is_some_and(|fields| fields.iter().all(Value::is_object));
    if is_list { Ok(form_fields::read(&list)) } else { Err(unfit("a list of objects is needed, one for each field".to_owned())) }
}

fn ending(settings: Settings<'_>, first: &Page, context: &NodeContext) -> Result<(Ending, Option<Binary>), NodeError> {
    let kind = settings.text("respondWith");
    match kind.as_str() {
        "redirect" => {
            let given = settings.text("redirectUrl");
            let url = form_fields::web_address(&given).ok_or_else(|| NodeError::fatal(format!("{given:?} is no address of a web page")))?;
            return Ok((Ending::Redirect { url }, None));
        }
        "showText" => return Ok((Ending::Html { html: settings.text("responseText") }, None)),
        _ => {}
    }
    let file = if kind == "returnBinary" {
        let name = settings.text("inputDataFieldName");
        Some(context.file(&name).ok_or_else(|| NodeError::fatal(format!("No binary data with field {name} found.")))?)
    } else {
        None
    };
    let options = settings.group("options");
    let page = EndingPage {
        form_title: options.filled("formTitle").unwrap_or_else(|| first.title.clone()),
        title: settings.text("completionTitle"),
        message: js::trim(&settings.text("completionMessage")).replace("\\n", "\n"),
        css: options.text("customCss"),
        file: file.is_some(),
    };
    Ok((Ending::Page(page), file))
}
