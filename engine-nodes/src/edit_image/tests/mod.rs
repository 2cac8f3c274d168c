use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};
use serde_json::{Value, json};

use crate::testing::TestNode;

const RED: Rgba<u8> = Rgba([255, 0, 0, 255]);
const BLUE: Rgba<u8> = Rgba([0, 0, 255, 255]);

/// An image whose left half is red and whose right half is blue.
fn halves(width: u32, height: u32) -> RgbaImage {
    RgbaImage::from_fn(width, height, |x, _| if x < width / 2 { RED } else { BLUE })
}

fn file(image: &RgbaImage, format: ImageFormat) -> Value {
    let mut bytes = Cursor::new(Vec::new());
    let image = DynamicImage::ImageRgba8(image.clone());
    let image = if format == ImageFormat::Jpeg { DynamicImage::ImageRgb8(image.to_rgb8()) } else { image };
    image.write_to(&mut bytes, format).unwrap();
    json!({"data": STANDARD.encode(bytes.into_inner()), "mimeType": "image/x", "fileName": "old.name.x"})
}

fn node(parameters: Value) -> TestNode {
    let item = json!({"json": {"n": 1}, "binary": {
        "data": file(&halves(8, 4), ImageFormat::Png),
        "top": file(&RgbaImage::from_pixel(2, 2, Rgba([0, 255, 0, 255])), ImageFormat::Png),
        "broken": {"data": STANDARD.encode(b"\x89PNG\r\n\x1a\n nonsense"), "mimeType": "image/png"},
    }});
    TestNode::new("n8n-nodes-base.editImage", 1.0, parameters).whole_items(json!([item]))
}

/// The image that the node gives, its media type and its name.
fn made(parameters: Value) -> (RgbaImage, String, Option<String>) {
    let run = node(parameters).run();
    assert_eq!(run.error(), None);
    let items = run.result.items("Node");
    let file = &items[0].binary().unwrap()["data"];
    let engine_core::model::BinaryContent::Inline(bytes) = &file.content else { panic!("a small image") };
    (image::load_from_memory(bytes).unwrap().into_rgba8(), file.mime_type.clone(), file.file_name.clone())
}

#[test]
fn operations() {
    let check = |parameters: Value, size: (u32, u32), pixels: &[(u32, u32, Rgba<u8>)]| {
        let (image, media_type, _) = made(parameters.clone());
        assert_eq!((image.dimensions(), media_type.as_str()), (size, "image/png"), "{parameters}");
        for (x, y, color) in pixels {
            assert_eq!(image.get_pixel(*x, *y), color, "{parameters} at {x} {y}");
        }
    };
    let black = Rgba([0, 0, 0, 255]);
    let green = Rgba([0, 255, 0, 255]);
    check(json!({"borderWidth": 2, "borderHeight": 1}), (12, 6), &[(0, 0, black), (2, 1, RED), (9, 4, BLUE), (11, 3, black)]);
    check(json!({"operation": "crop", "width": 3, "height": 100, "positionX": 3}), (3, 4), &[(0, 0, RED), (1, 0, BLUE)]);
    check(json!({"operation": "resize", "width": 4, "height": 4, "resizeOption": "onlyIfLarger"}), (4, 2), &[(0, 0, RED), (3, 1, BLUE)]);
    check(json!({"operation": "rotate", "rotate": 90}), (4, 8), &[(0, 0, RED), (0, 7, BLUE)]);
    check(json!({"operation": "rotate", "rotate": -90}), (4, 8), &[(0, 0, BLUE), (0, 7, RED)]);
    check(json!({"operation": "rotate", "rotate": 45}), (9, 9), &[(0, 0, Rgba([255, 255, 255, 0]))]);
    check(json!({"operation": "transparent", "color": "#ff0000"}), (8, 4), &[(0, 0, Rgba([255, 0, 0, 0])), (7, 0, BLUE)]);
    check(
        json!({"operation": "composite", "dataPropertyNameComposite": "top", "positionX": 1, "positionY": 1}),
        (8, 4),
        &[(0, 0, RED), (1, 1, green), (2, 2, green), (3, 3, RED)],
    );
    check(
        json!({"operation": "draw", "startPositionX": 0, "startPositionY": 0, "endPositionX": 1, "endPositionY": 1, "color": "#000000"}),
        (8, 4),
        &[(1, 1, black), (2, 2, RED)],
    );
    check(json!({"operation": "create", "width": 3, "height": 2, "backgroundColor": "#00ff00"}), (3, 2), &[(2, 1, green)]);
    check(json!({"operation": "blur", "sigma": 0}), (8, 4), &[(3, 0, RED), (4, 0, BLUE)]);
}

#[test]
fn a_blur_mixes_neighbours() {
    for sigma in [1, 20] {
        let (image, ..) = made(json!({"operation": "blur", "sigma": sigma}));
        let edge = image.get_pixel(4, 1);
        assert!(edge[0] > 20 && edge[2] > 20, "{sigma}: {edge:?}");
    }
}

#[test]
fn several_steps() {
    let steps = json!([
        {"operation": "create", "width": 10, "height": 10, "backgroundColor": "white"},
        {"operation": "composite", "dataPropertyNameComposite": "data", "positionX": 1, "positionY": 3},
        {"operation": "crop", "width": 5, "height": 5},
    ]);
    let (image, ..) = made(json!({"operation": "multiStep", "operations": {"operations": steps}}));
    assert_eq!((image.dimensions(), image.get_pixel(0, 0), image.get_pixel(1, 3)), ((5, 5), &Rgba([255; 4]), &RED));
}

#[test]
fn formats_and_names() {
    let check = |options: Value, media_type: &str, name: &str| {
        let (_, made_type, made_name) = made(json!({"operation": "blur", "sigma": 0, "options": options}));
        assert_eq!((made_type.as_str(), made_name.as_deref()), (media_type, Some(name)), "{options}");
    };
    check(json!({}), "image/png", "old.name.x");
    check(json!({"format": "jpeg", "quality": 10}), "image/jpeg", "old.name.jpeg");
    check(json!({"format": "gif"}), "image/gif", "old.name.gif");
    check(json!({"format": "webp"}), "image/webp", "old.name.webp");
    check(json!({"format": "bmp", "fileName": "f"}), "image/bmp", "f");
}

#[test]
fn information() {
    let facts = node(json!({"operation": "information"})).outputs();
    assert_eq!(facts[0][0]["size"], json!({"width": 8, "height": 4}));
    assert_eq!((&facts[0][0]["format"], &facts[0][0]["depth"]), (&json!("PNG"), &json!(8)));
}

#[test]
fn what_cannot_be_done() {
    let check = |parameters: Value, expect: &str| assert!(node(parameters.clone()).error().contains(expect), "{parameters}");
    check(json!({"dataPropertyName": "none"}), "Item does not contain any binary data with the name \"none\".");
    check(json!({"dataPropertyName": "broken"}), "the image cannot be read");
    check(json!({"borderColor": "reddish"}), "unrecognized color 'reddish'");
    check(json!({"operation": "resize", "width": 1e8, "height": 1e8, "resizeOption": "ignoreAspectRatio"}), "that is too large");
    check(json!({"operation": "create", "width": 60000, "height": 60000}), "that is too large");
    check(json!({"operation": "crop", "positionX": 100}), "or nothing");
    check(json!({"borderWidth": 1e300}), "that is too large");
    let bare = TestNode::new("n8n-nodes-base.editImage", 1.0, json!({})).input(json!([{}]));
    assert_eq!(bare.error(), "Item does not contain any binary data.");
}

#[test]
fn a_bomb_is_not_unpacked() {
    // A PNG that says it has 60,000 by 60,000 pixels, and has none.
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xea\x60\0\0\xea\x60\x08\x06\0\0\0".to_vec();
    let mut sum = flate2::Crc::new();
    sum.update(&bytes[12..]);
    bytes.extend(sum.sum().to_be_bytes());
    bytes.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e");
    let item = json!({"json": {}, "binary": {"data": {"data": STANDARD.encode(bytes), "mimeType": "image/png"}}});
    let error = TestNode::new("n8n-nodes-base.editImage", 1.0, json!({})).whole_items(json!([item])).error();
    assert!(error.contains("60000 by 60000 pixels"), "{error}");
}

#[test]
fn what_is_not_supported_is_reported_before_the_run() {
    let check = |parameters: Value, expect: &str| assert!(node(parameters.clone()).problems().contains(expect), "{parameters}");
    check(json!({"operation": "text", "text": "x"}), "the operation \"text\" is not supported");
    check(json!({"operation": "composite", "operator": "Bumpmap"}), "the operator \"Bumpmap\" is not supported");
    check(json!({"options": {"format": "tiff"}}), "images cannot be written as \"tiff\"");
    let steps = json!([{"operation": "blur"}, {"operation": "shear"}]);
    let problems = node(json!({"operation": "multiStep", "operations": {"operations": steps}})).problems();
    assert!(problems.contains("the operation \"shear\" is not supported") && problems.contains("operations/1"), "{problems}");
}
