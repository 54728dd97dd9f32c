//! Windows, paddings and strides: from the file's words for them to the network's.

use crate::network::{MapSpec, Window};

use super::{file::Reason, schema::tflite::Padding};

/// Zeros around a map that an operator before has added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Margin {
    /// Rows before and after.
    pub rows: (usize, usize),
    /// Columns before and after.
    pub cols: (usize, usize),
}

/// A window as an operator describes it: rows before columns.
#[derive(Clone, Copy, Debug)]
pub struct Sliding {
    /// Size of the window.
    pub kernel: [usize; 2],
    /// Steps between windows.
    pub strides: [i32; 2],
    /// Distances of neighbouring weights.
    pub dilation: [i32; 2],
    /// Whether the map is padded.
    pub padding: Padding,
}

/// What a window makes of a map.
#[derive(Clone, Copy, Debug)]
pub struct Placed {
    /// The window.
    pub window: Window,
    /// Rows and columns of the output.
    pub size: [usize; 2],
    /// Whether padding was added beyond the margin.
    pub padded: bool,
}

/// One axis of a placed window.
struct Axis {
    /// Output positions.
    count: usize,
    /// Padding before the first cell.
    before: usize,
    /// Whether some of the padding is not the margin's.
    padded: bool,
}

impl Sliding {
    /// Slides the window over a map with its margin.
    pub fn place(&self, map: &MapSpec, margin: Margin) -> Result<Placed, Reason> {
        for axis in 0..2 {
            if self.dilation[axis] != 1 && self.kernel[axis] != 1 {
                return Err(format!("has dilation {}; only 1 is supported", self.dilation[axis]));
            }
        }
        let rows = self.axis(0, map.height, margin.rows)?;
        let cols = self.axis(1, map.width, margin.cols)?;
        // Where there is but one position, the step to the next is of no account.
        let mut strides = [(&rows, 0), (&cols, 1)].into_iter().filter(|(axis, _)| axis.count > 1).map(|(_, n)| n);
        let stride = match (strides.next(), strides.next()) {
            (None, _) => 1,
            (Some(axis), None) => self.strides[axis],
            (Some(a), Some(b)) if self.strides[a] == self.strides[b] => self.strides[a],
            _ => return Err(format!("has strides {:?}; they must be equal", self.strides)),
        };
        let window = Window {
            rows: self.kernel[0],
            cols: self.kernel[1],
            stride: usize::try_from(stride)
                .ok()
                .filter(|s| (1..=2).contains(s))
                .ok_or_else(|| format!("has stride {stride}; 1 and 2 are supported"))?,
            pad_top: rows.before,
            pad_left: cols.before,
        };
        Ok(Placed { window, size: [rows.count, cols.count], padded: rows.padded || cols.padded })
    }

    fn axis(&self, axis: usize, size: usize, (before, after): (usize, usize)) -> Result<Axis, Reason> {
        let (kernel, total) = (self.kernel[axis], before + size + after);
        let stride = usize::try_from(self.strides[axis]).ok().filter(|&s| s > 0);
        let stride = stride.ok_or_else(|| format!("has stride {}", self.strides[axis]))?;
        match self.padding {
            _ if kernel == 0 => Err("has an empty window".into()),
            Padding::Same => {
                let count = total.div_ceil(stride);
                let pad = ((count - 1) * stride).saturating_add(kernel).saturating_sub(total);
                Ok(Axis { count, before: before + pad / 2, padded: pad > 0 })
            }
            Padding::Valid if kernel > total => {
                Err(format!("has a window of {kernel} over a map of {total}, without padding"))
            }
            Padding::Valid => Ok(Axis { count: (total - kernel) / stride + 1, before, padded: false }),
        }
    }
}
