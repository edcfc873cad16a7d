//! Sizes of a convolution in one or two dimensions, and what each output meets of the input.

use crate::error::{OpsError, Result};

/// How a convolution moves: along rows, then along columns. One dimension is a map of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) stride: [usize; 2],
    pub(crate) dilation: [usize; 2],
    pub(crate) groups: usize,
    pub(crate) padding: [(usize, usize); 2],
}

/// A convolution of shapes that fit each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub(crate) batch: usize,
    pub(crate) groups: usize,
    pub(crate) channels: usize,
    pub(crate) filters: usize,
    pub(crate) input: [usize; 2],
    pub(crate) output: [usize; 2],
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: [usize; 2],
    pub(crate) dilation: [usize; 2],
    /// Zeros before the first row and column.
    pub(crate) before: [usize; 2],
}

/// One axis of a pass: output `start + step p` for `p < count` meets, at tap `taps[t]`, input `input_step p + offsets[t]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    pub(crate) start: usize,
    pub(crate) step: usize,
    pub(crate) count: usize,
    pub(crate) input: usize,
    pub(crate) input_step: usize,
    pub(crate) taps: Vec<usize>,
    pub(crate) offsets: Vec<isize>,
}

/// A pass from input-like to output-like values: forward, or the gradient of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Walk {
    pub(crate) batch: usize,
    pub(crate) groups: usize,
    /// Channels read and rows written per group.
    pub(crate) channels: usize,
    pub(crate) filters: usize,
    pub(crate) input: [usize; 2],
    pub(crate) output: [usize; 2],
    /// Parts of the output: each pair of a row axis and a column axis is computed for itself.
    pub(crate) axes: [Vec<Axis>; 2],
    /// Steps in the weight between groups, filters, channels, rows of taps.
    pub(crate) weight_steps: [usize; 4],
}

impl Settings {
    /// The settings of one dimension.
    pub(crate) fn line(stride: usize, dilation: usize, groups: usize, padding: (usize, usize)) -> Self {
        Self {
            stride: [1, stride],
            dilation: [1, dilation],
            groups,
            padding: [(0, 0), padding],
        }
    }

    /// An error where a setting is 0.
    pub(crate) fn check(&self, operation: &'static str) -> Result<()> {
        let [a, b] = self.stride;
        let [c, d] = self.dilation;
        let all = [
            ("stride", a),
            ("stride", b),
            ("dilation", c),
            ("dilation", d),
            ("groups", self.groups),
        ];
        match all.into_iter().find(|(_, value)| *value == 0) {
            None => Ok(()),
            Some((what, _)) => Err(OpsError::Setting {
                operation,
                what: what.into(),
                found: "0".into(),
                expected: "at least 1".into(),
            }),
        }
    }
}

/// The rows and columns of `[.., row, column]`, or one row of `[.., position]`.
pub(crate) fn plane(dims: &[usize]) -> [usize; 2] {
    match *dims {
        [_, _, length] => [1, length],
        [_, _, rows, columns] => [rows, columns],
        _ => [0, 0],
    }
}

impl Geometry {
    /// From the shapes of input and weight, both with `2 + dimensions` axes.
    ///
    /// # Errors
    /// Shapes that don't fit each other, a setting of 0, an input shorter than the kernel's reach.
    pub(crate) fn new(
        operation: &'static str,
        x: &[usize],
        weight: &[usize],
        dimensions: usize,
        settings: &Settings,
    ) -> Result<Self> {
        settings.check(operation)?;
        let line = dimensions == 1;
        let (layout, weights) = if line {
            ("[batch, channel, position]", "[filters, channels / groups, width]")
        } else {
            ("[batch, channel, row, column]", "[filters, channels / groups, height, width]")
        };
        if x.len() != 2 + dimensions {
            return Err(OpsError::shape(operation, "the input", x, layout));
        }
        if weight.len() != 2 + dimensions {
            return Err(OpsError::shape(operation, "the weight", weight, weights));
        }
        let (batch, channels, filters, groups) = (x[0], x[1], weight[0], settings.groups);
        let (input, kernel) = (plane(x), plane(weight));
        if weight[1] * groups != channels || filters % groups != 0 || kernel.contains(&0) {
            let sizes = if line { "at least 1" } else { "at least 1, at least 1" };
            let expected = format!("[a multiple of {groups}, {channels} / {groups}, {sizes}]");
            return Err(OpsError::shape(operation, "the weight", weight, expected));
        }
        let mut output = [0; 2];
        for axis in 0..2 {
            let padding = settings.padding[axis];
            let (padded, reach) = (
                input[axis] + padding.0 + padding.1,
                settings.dilation[axis] * (kernel[axis] - 1) + 1,
            );
            if padded < reach {
                let what = if line { "positions" } else { ["rows", "columns"][axis] };
                let (width, dilation) = (kernel[axis], settings.dilation[axis]);
                let expected = format!("at least {reach} {what} with padding {padding:?} (width {width}, dilation {dilation})");
                return Err(OpsError::shape(operation, "the input", x, expected));
            }
            output[axis] = (padded - reach) / settings.stride[axis] + 1;
        }
        Ok(Self {
            batch,
            groups,
            channels,
            filters,
            input,
            output,
            kernel,
            stride: settings.stride,
            dilation: settings.dilation,
            before: [settings.padding[0].0, settings.padding[1].0],
        })
    }

    /// The convolution whose gradient is a transposed convolution: from the latter's output to its input, with the same
    /// weight. `extra` is what the output has more than the smallest that leads to this input.
    ///
    /// # Errors
    /// As [`Geometry::new`]; more padding than output.
    pub(crate) fn transposed(
        operation: &'static str,
        x: &[usize],
        weight: &[usize],
        dimensions: usize,
        settings: &Settings,
        extra: [usize; 2],
    ) -> Result<Self> {
        settings.check(operation)?;
        if x.len() != 2 + dimensions {
            let layout = ["[batch, channel, position]", "[batch, channel, row, column]"][dimensions - 1];
            return Err(OpsError::shape(operation, "the input", x, layout));
        }
        let groups = settings.groups;
        if weight.len() != 2 + dimensions || weight[0] != x[1] || !weight[0].is_multiple_of(groups) || weight[2..].contains(&0) {
            let sizes = ["at least 1", "at least 1, at least 1"][dimensions - 1];
            let expected = format!("[{}, filters / groups, {sizes}] and channels in {groups} groups", x[1]);
            return Err(OpsError::shape(operation, "the weight", weight, expected));
        }
        let (output, kernel) = (plane(x), plane(weight));
        let mut input = [0; 2];
        for axis in 0..2 {
            let (padding, stride) = (settings.padding[axis], settings.stride[axis]);
            let whole = match output[axis] {
                0 => 0,
                length => (length - 1) * stride + settings.dilation[axis] * (kernel[axis] - 1) + 1 + extra[axis],
            };
            input[axis] = whole.checked_sub(padding.0 + padding.1).ok_or_else(|| {
                OpsError::shape(
                    operation,
                    "the input",
                    x,
                    format!("an output longer than the padding {padding:?}"),
                )
            })?;
        }
        Ok(Self {
            batch: x[0],
            groups,
            channels: weight[1] * groups,
            filters: weight[0],
            input,
            output,
            kernel,
            stride: settings.stride,
            dilation: settings.dilation,
            before: [settings.padding[0].0, settings.padding[1].0],
        })
    }

    /// Input channels per group.
    pub(crate) fn group_channels(&self) -> usize {
        self.channels / self.groups
    }

    /// Filters per group.
    pub(crate) fn group_filters(&self) -> usize {
        self.filters / self.groups
    }

    /// Taps of a filter: what one output adds up.
    pub(crate) fn taps(&self) -> usize {
        self.group_channels() * self.kernel[0] * self.kernel[1]
    }

    /// Numbers of the input, the weight, the output.
    pub(crate) fn sizes(&self) -> [usize; 3] {
        let plane = |[rows, columns]: [usize; 2]| rows * columns;
        [
            self.batch * self.channels * plane(self.input),
            self.filters * self.taps(),
            self.batch * self.filters * plane(self.output),
        ]
    }

    /// Whether each output meets one position of the input, its own.
    pub(crate) fn is_pointwise(&self) -> bool {
        self.kernel == [1, 1] && self.stride == [1, 1] && self.input == self.output && self.groups == 1
    }

    /// The axis of the forward pass.
    pub(crate) fn axis(&self, axis: usize) -> Axis {
        let offset = |t: usize| (t * self.dilation[axis]) as isize - self.before[axis] as isize;
        Axis {
            start: 0,
            step: 1,
            count: self.output[axis],
            input: self.input[axis],
            input_step: self.stride[axis],
            taps: (0..self.kernel[axis]).collect(),
            offsets: (0..self.kernel[axis]).map(offset).collect(),
        }
    }

    /// The axes of the pass back to the input: one for each place within a stride.
    fn gradient_axes(&self, axis: usize) -> Vec<Axis> {
        let (stride, dilation, before) = (self.stride[axis], self.dilation[axis], self.before[axis]);
        (0..stride.min(self.input[axis]))
            .map(|start| {
                // Input `start + stride p` is met by output `p + offset` at the taps where this is a whole number.
                let taps: Vec<usize> = (0..self.kernel[axis])
                    .filter(|t| (start + before + stride * dilation * t - dilation * t) % stride == 0)
                    .collect();
                let offset = |t: &usize| ((start + before) as isize - (dilation * t) as isize) / stride as isize;
                Axis {
                    start,
                    step: stride,
                    count: (self.input[axis] - start).div_ceil(stride),
                    input: self.output[axis],
                    input_step: 1,
                    offsets: taps.iter().map(offset).collect(),
                    taps,
                }
            })
            .collect()
    }

    /// The forward pass.
    pub(crate) fn forward(&self) -> Walk {
        let window = self.kernel[0] * self.kernel[1];
        let (channels, filters) = (self.group_channels(), self.group_filters());
        Walk {
            batch: self.batch,
            groups: self.groups,
            channels,
            filters,
            input: self.input,
            output: self.output,
            axes: [vec![self.axis(0)], vec![self.axis(1)]],
            weight_steps: [filters * channels * window, channels * window, window, self.kernel[1]],
        }
    }

    /// The pass from the gradient of the output to that of the input.
    pub(crate) fn gradient(&self) -> Walk {
        let window = self.kernel[0] * self.kernel[1];
        let (channels, filters) = (self.group_channels(), self.group_filters());
        Walk {
            batch: self.batch,
            groups: self.groups,
            channels: filters,
            filters: channels,
            input: self.output,
            output: self.input,
            axes: [self.gradient_axes(0), self.gradient_axes(1)],
            weight_steps: [filters * channels * window, window, channels * window, self.kernel[1]],
        }
    }
}
