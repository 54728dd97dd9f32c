//! Images as models take them: stored values, planar.

use std::{io::Cursor, path::Path};

use image::{DynamicImage, ImageReader, Limits, imageops::FilterType};
use npyz::{NpyFile, Order};
use zkescrow_circuits::network::MapSpec;

use crate::{failure::Failure, paths, text};

/// Most bytes of an image file, of its pixels in memory, and of an array of many images.
const FILE_LIMIT: u64 = 1 << 26;
const BATCH_LIMIT: u64 = 1 << 30;
const MEMORY_LIMIT: u64 = 1 << 28;
/// Most pixels of an image in a row or column.
const SIDE_LIMIT: u32 = 1 << 14;
/// Most bytes of a .npy header: numpy writes 118 for such arrays.
const HEADER_LIMIT: usize = 1 << 10;
/// Most characters of what a decoder says.
const REASON: usize = 120;

/// Reads one image: a png or jpeg, cropped to the model's aspect ratio and resized, or a uint8 `.npy` (H,W,C), taken as
/// it is.
pub fn read(path: &Path, map: &MapSpec) -> Result<Vec<u8>, Failure> {
    match read_images(path, map)? {
        Images::One(image) => Ok(image),
        Images::Many(_) => Err(refused(path, "it holds many images (N,H,W,C): give one (H,W,C)")),
    }
}

/// What a file holds.
pub enum Images {
    /// An image.
    One(Vec<u8>),
    /// A uint8 `.npy` (N,H,W,C).
    Many(Vec<Vec<u8>>),
}

/// The same, or many images.
pub fn read_images(path: &Path, map: &MapSpec) -> Result<Images, Failure> {
    let images = if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npy")) {
        read_npy(path, map)
    } else {
        read_image(path, map).map(|image| Images::One(planar(&image, map)))
    };
    images.map_err(|reason| refused(path, &reason))
}

fn refused(path: &Path, reason: &str) -> Failure {
    Failure::Input { path: path.into(), reason: text::single_line(reason, 2 * REASON) }
}

/// Rows of pixels of channels become channels of rows of pixels.
fn planar(interleaved: &[u8], map: &MapSpec) -> Vec<u8> {
    let pixels = map.height * map.width;
    (0..map.channels).flat_map(|c| (0..pixels).map(move |p| interleaved[p * map.channels + c])).collect()
}

fn read_npy(path: &Path, map: &MapSpec) -> Result<Images, String> {
    let bytes = paths::read_bounded(path, BATCH_LIMIT).map_err(|e| e.to_string())?;
    let header = header_length(&bytes).ok_or("it is no .npy file")?;
    if header > HEADER_LIMIT {
        return Err("it is no .npy file of an image: its header is too long".into());
    }
    // What the parser says repeats the header, which may hold anything.
    let npy = NpyFile::new(Cursor::new(bytes)).map_err(|_| "it is no .npy file: its header is damaged")?;
    let expected = [map.height, map.width, map.channels].map(|n| n as u64);
    // The shape bounds what is read, so it is checked first.
    let many = npy.shape().len() == 4;
    if npy.shape()[usize::from(many)..] != expected || (many && npy.shape()[0] > BATCH_LIMIT) {
        let shape: Vec<_> = npy.shape().iter().take(4).collect();
        return Err(format!("its shape is {shape:?}, the model takes {expected:?} (height, width, channels)"));
    }
    if npy.order() != Order::C {
        return Err("it is stored column by column: save it in C order".into());
    }
    let values = npy.into_vec::<u8>().map_err(|_| "its values are no whole uint8 array".to_owned())?;
    if many {
        Ok(Images::Many(values.chunks(map.len()).map(|image| planar(image, map)).collect()))
    } else {
        Ok(Images::One(planar(&values, map)))
    }
}

/// The header's length, as the first bytes of the file say it.
fn header_length(bytes: &[u8]) -> Option<usize> {
    let rest = bytes.strip_prefix(b"\x93NUMPY")?;
    match *rest {
        [1, _, a, b, ..] => Some(u16::from_le_bytes([a, b]).into()),
        [2 | 3, _, a, b, c, d, ..] => usize::try_from(u32::from_le_bytes([a, b, c, d])).ok(),
        _ => None,
    }
}

fn read_image(path: &Path, map: &MapSpec) -> Result<Vec<u8>, String> {
    let bytes = paths::read_bounded(path, FILE_LIMIT).map_err(|e| e.to_string())?;
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|e| e.to_string())?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_LIMIT);
    limits.max_image_height = Some(SIDE_LIMIT);
    limits.max_alloc = Some(MEMORY_LIMIT);
    reader.limits(limits);
    let image = reader
        .decode()
        .map_err(|e| format!("it is no png, jpeg or .npy ({})", text::single_line(&e.to_string(), REASON)))?;
    let image = fit(image, map.width as u32, map.height as u32);
    match map.channels {
        1 => Ok(image.into_luma8().into_raw()),
        3 => Ok(image.into_rgb8().into_raw()),
        n => Err(format!("the model takes {n} channels: give a .npy file")),
    }
}

/// The largest centred part with the model's aspect ratio, resized. What is cut off leaves no trace at the borders.
fn fit(image: DynamicImage, width: u32, height: u32) -> DynamicImage {
    let (w, h) = (image.width(), image.height());
    if (w, h) == (width, height) {
        return image;
    }
    // One of the two sides is kept; the other follows from the aspect ratio.
    let side = |other: u32, ratio: u32, by: u32| {
        (u64::from(other) * u64::from(ratio) / u64::from(by)).clamp(1, u32::MAX.into()) as u32
    };
    let (crop_w, crop_h) = (w.min(side(h, width, height)), h.min(side(w, height, width)));
    let part = image.crop_imm((w - crop_w) / 2, (h - crop_h) / 2, crop_w, crop_h);
    part.resize_exact(width, height, FilterType::Triangle)
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    const MAP: MapSpec = MapSpec { channels: 3, height: 2, width: 2, pad: 128 };

    #[test]
    fn images_become_planar_and_keep_their_values() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("x.png");
        RgbImage::from_fn(2, 2, |x, y| Rgb([1, 2, 3].map(|c| c * 10 + (2 * y + x) as u8))).save(&path).expect("saved");
        assert_eq!(read(&path, &MAP).expect("read"), [10, 11, 12, 13, 20, 21, 22, 23, 30, 31, 32, 33]);
    }

    #[test]
    fn wide_images_are_cropped_around_their_middle() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("x.png");
        // Black margins left and right of a white square.
        RgbImage::from_fn(16, 8, |x, _| Rgb([if (4..12).contains(&x) { 255 } else { 0 }; 3]))
            .save(&path)
            .expect("saved");
        assert_eq!(read(&path, &MAP).expect("read"), [255; 12]);
    }
}
