//! An image in memory: read with limits, changed step by step, written again.

use std::io::Cursor;

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, Rgba, RgbaImage, imageops};
use serde_json::{Map, Value, json};

use super::compose::{Operator, compose, over};
use super::draw::{Shape, draw};
use super::geometry::{Fit, checked};

/// The most memory that reading one image may take.
const MOST_MEMORY: u64 = 512 << 20;
/// The quality of a JPEG where none is asked for, as `GraphicsMagick` has it.
const USUAL_QUALITY: u8 = 75;

/// Why an image cannot be read, changed or written.
#[derive(Debug, thiserror::Error)]
pub(super) enum ImageError {
    #[error("the image would be {width} by {height} pixels: that is too large, or nothing")]
    Size { width: f64, height: f64 },
    #[error("unrecognized color '{0}'")]
    Color(String),
    #[error("the format of the image is not known; PNG, JPEG, GIF, WebP and BMP are")]
    Format,
    #[error("the image cannot be read or written: {0}")]
    Image(#[from] image::ImageError),
}

/// One thing to do with an image.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Blur(f32),
    Border { width: f64, height: f64, color: Rgba<u8> },
    Composite { top: Bytes, operator: Operator, place: (i64, i64) },
    Create { width: f64, height: f64, color: Rgba<u8> },
    Crop { width: f64, height: f64, place: (f64, f64) },
    Draw { shape: Shape, points: ((f64, f64), (f64, f64)), color: Rgba<u8> },
    Resize { fit: Fit, width: f64, height: f64 },
    Rotate { degrees: f64, color: Rgba<u8> },
    Transparent(Rgba<u8>),
}

/// Opens an image; its size is judged before its pixels are unpacked.
fn open(bytes: &[u8]) -> Result<(DynamicImage, ImageFormat), ImageError> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(image::ImageError::IoError)?;
    let format = reader.format().ok_or(ImageError::Format)?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    checked(f64::from(width), f64::from(height))?;
    Ok((DynamicImage::from_decoder(decoder)?, format))
}

/// Does all steps, and writes the image in a format, or else in its own.
pub(super) fn edit(source: Option<Bytes>, steps: &[Step], (format, quality): (Option<ImageFormat>, Option<u8>)) -> Result<Vec<u8>, ImageError> {
    let (mut image, own) = match source {
        Some(bytes) => {
            let (image, format) = open(&bytes)?;
            (image.into_rgba8(), format)
        }
        None => (RgbaImage::new(1, 1), ImageFormat::Png),
    };
    for step in steps {
        image = step.apply(image)?;
    }
    write(image, format.unwrap_or(own), quality)
}

fn write(image: RgbaImage, format: ImageFormat, quality: Option<u8>) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Cursor::new(Vec::new());
    let image = DynamicImage::ImageRgba8(image);
    if format == ImageFormat::Jpeg {
        let quality = quality.unwrap_or(USUAL_QUALITY).clamp(1, 100);
        image.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, quality))?;
    } else {
        image.write_to(&mut bytes, format)?;
    }
    Ok(bytes.into_inner())
}

/// What an image is like, with the names that `GraphicsMagick` gives its facts.
pub(super) fn describe(bytes: &[u8]) -> Result<Map<String, Value>, ImageError> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(image::ImageError::IoError)?;
    let format = reader.format().ok_or(ImageError::Format)?;
    let decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    let color = decoder.color_type();
    let depth = color.bits_per_pixel() / u16::from(color.channel_count().max(1));
    let (short, long) = match format {
        ImageFormat::Png => ("PNG", "PNG (Portable Network Graphics)"),
        ImageFormat::Jpeg => ("JPEG", "JPEG (Joint Photographic Experts Group JFIF format)"),
        ImageFormat::Gif => ("GIF", "GIF (CompuServe graphics interchange format)"),
        ImageFormat::WebP => ("WEBP", "WEBP (WebP Image Format)"),
        _ => ("BMP", "BMP (Microsoft Windows bitmap image)"),
    };
    let facts = json!({
        "Format": long, "format": short, "Geometry": format!("{width}x{height}"), "size": {"width": width, "height": height},
        "Depth": format!("{depth} bits-per-pixel component"), "depth": depth,
    });
    Ok(if let Value::Object(facts) = facts { facts } else { Map::new() })
}

impl Step {
    fn apply(&self, mut image: RgbaImage) -> Result<RgbaImage, ImageError> {
        match self {
            Self::Blur(sigma) if is_costly(&image, *sigma) => Ok(imageops::fast_blur(&image, *sigma)),
            Self::Blur(sigma) if *sigma > 0.0 => Ok(imageops::blur(&image, *sigma)),
            Self::Blur(_) => Ok(image),
            Self::Border { width, height, color } => border(&image, (width.max(0.0).floor(), height.max(0.0).floor()), *color),
            Self::Composite { top, operator, place } => {
                let (top, _) = open(top)?;
                compose(&mut image, &opacity_of(*operator, top), *operator, *place);
                Ok(image)
            }
            Self::Create { width, height, color } => {
                let (width, height) = checked(width.floor(), height.floor())?;
                Ok(RgbaImage::from_pixel(width, height, *color))
            }
            Self::Crop { width, height, place } => crop(&image, (*width, *height), *place),
            Self::Draw { shape, points, color } => {
                draw(&mut image, *shape, *points, *color);
                Ok(image)
            }
            Self::Resize { fit, width, height } => {
                let (width, height) = fit.size(image.dimensions(), (*width, *height))?;
                Ok(imageops::resize(&image, width, height, imageops::FilterType::Lanczos3))
            }
            Self::Rotate { degrees, color } => rotate(image, *degrees, *color),
            Self::Transparent(color) => {
                for pixel in image.pixels_mut().filter(|pixel| pixel.0.iter().take(3).eq(color.0.iter().take(3))) {
                    pixel[3] = 0;
                }
                Ok(image)
            }
        }
    }
}

/// Whether a true Gaussian blur would take too long. Three box blurs come close to it, and their cost does not grow with its strength.
fn is_costly(image: &RgbaImage, sigma: f32) -> bool {
    sigma > 10.0 || f64::from(image.width()) * f64::from(image.height()) * f64::from(sigma) > 2e7
}

/// The image to put on top; where its opacity is what counts and it has none, its brightness stands for it.
fn opacity_of(operator: Operator, top: DynamicImage) -> RgbaImage {
    let has_alpha = top.color().has_alpha();
    let mut top = top.into_rgba8();
    if operator == Operator::CopyOpacity && !has_alpha {
        for pixel in top.pixels_mut() {
            let brightness = image::Pixel::to_luma(pixel)[0];
            pixel[3] = brightness;
        }
    }
    top
}

fn border(image: &RgbaImage, (width, height): (f64, f64), color: Rgba<u8>) -> Result<RgbaImage, ImageError> {
    let (across, down) = checked(f64::from(image.width()) + 2.0 * width, f64::from(image.height()) + 2.0 * height)?;
    let mut made = RgbaImage::from_pixel(across, down, color);
    let (left, up) = ((across - image.width()) / 2, (down - image.height()) / 2);
    for (x, y, pixel) in image.enumerate_pixels() {
        let below = made.get_pixel_mut(left + x, up + y);
        *below = over(*below, *pixel);
    }
    Ok(made)
}

/// The part of an image in a frame, as far as there is one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before the cast, which gives 0 for NaN")]
fn crop(image: &RgbaImage, (width, height): (f64, f64), (left, up): (f64, f64)) -> Result<RgbaImage, ImageError> {
    let (across, down) = (f64::from(image.width()), f64::from(image.height()));
    let (from_x, from_y) = (left.clamp(0.0, across).floor(), up.clamp(0.0, down).floor());
    let (to_x, to_y) = ((left + width).clamp(0.0, across).floor(), (up + height).clamp(0.0, down).floor());
    let (width, height) = checked(to_x - from_x, to_y - from_y)?;
    Ok(imageops::crop_imm(image, from_x as u32, from_y as u32, width, height).to_image())
}

/// Turns an image clockwise; the canvas grows, and what was not there gets a colour.
#[expect(clippy::float_cmp, reason = "whole quarters are exact")]
fn rotate(image: RgbaImage, degrees: f64, color: Rgba<u8>) -> Result<RgbaImage, ImageError> {
    let degrees = degrees.rem_euclid(360.0);
    if degrees == 0.0 || degrees.is_nan() {
        return Ok(image);
    }
    if degrees == 90.0 {
        return Ok(imageops::rotate90(&image));
    }
    if degrees == 180.0 {
        return Ok(imageops::rotate180(&image));
    }
    if degrees == 270.0 {
        return Ok(imageops::rotate270(&image));
    }
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (across, down) = (f64::from(image.width()), f64::from(image.height()));
    let grown = (across * cos.abs() + down * sin.abs(), across * sin.abs() + down * cos.abs());
    // A hair of rounding must not add a row.
    let (width, height) = checked((grown.0 - 1e-6).ceil(), (grown.1 - 1e-6).ceil())?;
    let (middle, old_middle) = ((f64::from(width) / 2.0, f64::from(height) / 2.0), (across / 2.0, down / 2.0));
    Ok(RgbaImage::from_fn(width, height, |x, y| {
        let (x, y) = (f64::from(x) + 0.5 - middle.0, f64::from(y) + 0.5 - middle.1);
        sample(&image, (x * cos + y * sin + old_middle.0 - 0.5, y * cos - x * sin + old_middle.1 - 0.5), color)
    }))
}

/// The colour between the four nearest pixels; outside the image it is `color`.
#[expect(clippy::cast_possible_truncation, reason = "positions lie near the image, and shares between 0 and 1")]
fn sample(image: &RgbaImage, (x, y): (f64, f64), color: Rgba<u8>) -> Rgba<u8> {
    let (left, up) = (x.floor(), y.floor());
    let (right_share, low_share) = ((x - left) as f32, (y - up) as f32);
    let at = |x: i64, y: i64| match (u32::try_from(x), u32::try_from(y)) {
        (Ok(x), Ok(y)) => image.get_pixel_checked(x, y).copied().unwrap_or(color),
        _ => color,
    };
    let (left, up) = (left as i64, up as i64);
    let corners = [
        (at(left, up), (1.0 - right_share) * (1.0 - low_share)),
        (at(left + 1, up), right_share * (1.0 - low_share)),
        (at(left, up + 1), (1.0 - right_share) * low_share),
        (at(left + 1, up + 1), right_share * low_share),
    ];
    let opacity: f32 = corners.iter().map(|(pixel, share)| f32::from(pixel[3]) * share).sum();
    if opacity <= 0.0 {
        return Rgba([color[0], color[1], color[2], 0]);
    }
    let channel = |index: usize| {
        let sum: f32 = corners.iter().map(|(pixel, share)| f32::from(pixel[index]) * f32::from(pixel[3]) * share).sum();
        super::color::byte(sum / opacity)
    };
    Rgba([channel(0), channel(1), channel(2), super::color::byte(opacity)])
}
