//! Edit Image: resizes, crops, rotates, blurs, frames, paints on and combines images, and says what they are like.
//!
//! Of an animation the first picture is taken. Text and shear are not supported, nor is TIFF.

mod canvas;
mod color;
mod compose;
mod draw;
mod geometry;
mod schema;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use bytes::Bytes;
use engine_core::model::{Binary, Item, Json};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeRegistry, NodeSpec, OrFatal, RegistryError, Typed, error_item};
use engine_core::problem::Problem;
use image::ImageFormat;

use self::canvas::{Step, describe, edit};
use self::compose::Operator;
use self::draw::Shape;
use self::geometry::Fit;
use crate::files::binary::{self, Description};
use crate::node_type::{Compiled, Definition, ready};
use crate::settings::Settings;

/// Adds the node of this group.
pub(crate) fn register(registry: &mut NodeRegistry) -> Result<(), RegistryError> {
    registry.register(Definition::new(schema::schema(), compile))
}

fn compile(spec: &NodeSpec) -> Compiled {
    let mut problems = unsupported(spec, "");
    for index in 0..spec.parameter("operations.operations").elements().len() {
        problems.extend(unsupported(spec, &format!("operations.operations.{index}.")));
    }
    let format = spec.text("options.format");
    if !format.is_empty() && format_named(&format).is_none() {
        problems.push(spec.unsupported("options.format", format!("images cannot be written as \"{format}\"")));
    }
    if problems.is_empty() { ready(EditImage { parameters: spec.typed()? }) } else { Err(problems) }
}

/// What the step whose parameters begin with `prefix` asks for in vain.
fn unsupported(spec: &NodeSpec, prefix: &str) -> Vec<Problem> {
    let (operation, operator) = (format!("{prefix}operation"), format!("{prefix}operator"));
    let mut problems = Vec::new();
    let step = spec.text(&operation);
    if matches!(step.as_str(), "text" | "shear") {
        problems.push(spec.unsupported(&operation, format!("the operation \"{step}\" is not supported")));
    }
    let name = spec.text(&operator);
    if step == "composite" && !name.is_empty() && Operator::named(&name).is_none() {
        problems.push(spec.unsupported(&operator, format!("the operator \"{name}\" is not supported")));
    }
    problems
}

fn format_named(name: &str) -> Option<ImageFormat> {
    Some(match name {
        "bmp" => ImageFormat::Bmp,
        "gif" => ImageFormat::Gif,
        "jpeg" => ImageFormat::Jpeg,
        "png" => ImageFormat::Png,
        "webp" => ImageFormat::WebP,
        _ => return None,
    })
}

struct EditImage {
    parameters: Typed<Json>,
}

#[async_trait]
impl Node for EditImage {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let mut items = Vec::with_capacity(context.items().len());
        for (index, item) in context.items().iter().enumerate() {
            let made = match self.one(&context, (index, item)).await {
                Ok(made) => made,
                Err(error) if context.continues_on_error() => error_item(&error),
                Err(error) => return Err(error.on_item(index)),
            };
            items.push(made.paired_with(index));
        }
        Ok(items.into())
    }
}

impl EditImage {
    async fn one(&self, context: &NodeContext, (index, item): (usize, &Item)) -> Result<Item, NodeError> {
        let parameters = self.parameters.at(&context.scope(index)).await?;
        let at = Settings::new(&parameters);
        let key = at.text("dataPropertyName");
        let operations = if at.text("operation") == "multiStep" { at.group("operations").groups("operations") } else { vec![at] };
        if at.text("operation") == "information" {
            let bytes = binary::bytes(context, file(item, &key)?).await?;
            return Ok(item.clone().with_json(describe(&bytes).or_fatal()?));
        }
        let creates = operations.first().is_some_and(|first| first.text("operation") == "create");
        let source = if creates { None } else { Some(binary::bytes(context, file(item, &key)?).await?) };
        let mut steps = Vec::with_capacity(operations.len());
        for operation in operations {
            steps.push(step(context, item, operation).await?);
        }
        let options = at.group("options");
        let format = options.filled("format");
        let kind =
            format.as_deref().map(|name| format_named(name).ok_or_else(|| NodeError::fatal(format!("images cannot be written as \"{name}\""))));
        let written = (kind.transpose()?.or(creates.then_some(ImageFormat::Png)), options.number("quality").map(quality));
        let made = binary::work(context, usize::MAX, move || edit(source, &steps, written)).await?.or_fatal()?;
        let mut made = binary::store(context, made, Description::default()).await?;
        let old = item.binary().and_then(|files| files.get(&key));
        made.directory = old.and_then(|old| old.directory.clone());
        made.file_name = options.given("fileName").or_else(|| old.and_then(|old| renamed(old, format.as_deref())));
        let mut item = item.clone();
        item.binary_mut().insert(key, made);
        Ok(item)
    }
}

/// The name of the image with the extension of its new format.
fn renamed(old: &Binary, format: Option<&str>) -> Option<String> {
    let name = old.file_name.clone()?;
    match (format, name.rsplit_once('.')) {
        (Some(format), Some((stem, _))) => Some(format!("{stem}.{format}")),
        _ => Some(name),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before the cast")]
fn quality(number: f64) -> u8 {
    number.clamp(0.0, 100.0) as u8
}

fn file<'a>(item: &'a Item, key: &str) -> Result<&'a Binary, NodeError> {
    let files = item.binary().ok_or_else(|| NodeError::fatal("Item does not contain any binary data."))?;
    files.get(key).ok_or_else(|| NodeError::fatal(format!("Item does not contain any binary data with the name \"{key}\".")))
}

/// What one operation asks for.
async fn step(context: &NodeContext, item: &Item, at: Settings<'_>) -> Result<Step, NodeError> {
    let number = |name: &str| at.number(name).unwrap_or(0.0);
    let color = |name: &str| color::parse(&at.text(name)).or_fatal();
    let point = |x: &str, y: &str| (number(x), number(y));
    Ok(match at.text("operation").as_str() {
        "blur" => Step::Blur(strength(number("sigma"))),
        "border" => Step::Border { width: number("borderWidth"), height: number("borderHeight"), color: color("borderColor")? },
        "composite" => composite(context, item, at).await?,
        "create" => Step::Create { width: number("width"), height: number("height"), color: color("backgroundColor")? },
        "crop" => Step::Crop { width: number("width"), height: number("height"), place: point("positionX", "positionY") },
        "draw" => {
            let shape = match at.text("primitive").as_str() {
                "circle" => Shape::Circle,
                "line" => Shape::Line,
                _ => Shape::Rectangle(number("cornerRadius")),
            };
            let points = (point("startPositionX", "startPositionY"), point("endPositionX", "endPositionY"));
            Step::Draw { shape, points, color: color("color")? }
        }
        "resize" => Step::Resize { fit: Fit::named(&at.text("resizeOption")), width: number("width"), height: number("height") },
        "rotate" => Step::Rotate { degrees: number("rotate"), color: color("backgroundColor")? },
        "transparent" => Step::Transparent(color("color")?),
        other => return Err(NodeError::fatal(format!("the operation \"{other}\" is not supported"))),
    })
}

#[expect(clippy::cast_possible_truncation, reason = "clamped before the cast")]
fn strength(sigma: f64) -> f32 {
    sigma.clamp(0.0, 1000.0) as f32
}

#[expect(clippy::cast_possible_truncation, reason = "places far outside saturate")]
async fn composite(context: &NodeContext, item: &Item, at: Settings<'_>) -> Result<Step, NodeError> {
    let name = at.text("operator");
    let operator = Operator::named(&name).ok_or_else(|| NodeError::fatal(format!("the operator \"{name}\" is not supported")))?;
    let top: Bytes = binary::bytes(context, file(item, &at.text("dataPropertyNameComposite"))?).await?;
    let place = (at.number("positionX").unwrap_or(0.0) as i64, at.number("positionY").unwrap_or(0.0) as i64);
    Ok(Step::Composite { top, operator, place })
}
