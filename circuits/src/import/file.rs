//! A TensorFlow Lite file as tensors and operators. Nothing in it is believed: every offset, index and size is checked
//! where it is used, and nothing is copied before its size is known to be small.

use std::ops::RangeInclusive;

use planus::ReadAsRoot;

use super::{
    error::ImportError,
    names::OPERATORS,
    schema::tflite::{ModelRef, OperatorRef, OptionsRef, SubGraphRef, TensorRef, TensorType},
};

/// Most tensors and operators: far more than a network that could be proven has.
const MAX_ITEMS: usize = 1 << 14;
/// Most dimensions of a tensor.
const MAX_RANK: usize = 6;
/// Most channels with scales of their own.
const MAX_SCALES: usize = 1 << 16;
/// Most inputs or outputs of one operator.
const MAX_ENDS: usize = 64;

/// Reasons are put behind "operator 7 (CONV_2D)", "the input" and the like.
pub type Reason = String;

/// An opened file.
pub struct File<'a> {
    model: ModelRef<'a>,
    graph: SubGraphRef<'a>,
    /// Operators in order of execution.
    pub operators: Vec<Operator<'a>>,
    /// Input tensor.
    pub input: usize,
    /// Output tensor.
    pub output: usize,
}

/// One operator.
pub struct Operator<'a> {
    /// Name in TensorFlow Lite.
    pub name: String,
    /// Input tensors; `None` where an optional one is left out.
    pub inputs: Vec<Option<usize>>,
    /// Output tensors.
    pub outputs: Vec<usize>,
    raw: OperatorRef<'a>,
}

/// One tensor.
#[derive(Clone, Debug)]
pub struct Tensor<'a> {
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// Type of its elements.
    pub kind: TensorType,
    /// Its constant content; `None` for activations.
    pub data: Option<&'a [u8]>,
    raw: TensorRef<'a>,
}

/// Scales and zero points of a tensor: one of each, or one for each index of the last or first axis.
#[derive(Clone, Debug)]
pub struct Scales {
    /// Real numbers that a step stands for.
    pub steps: Vec<f64>,
    /// Values that stand for zero, as they are in the file.
    pub zeros: Vec<i64>,
    /// The axis along which they differ.
    pub axis: usize,
}

impl<'a> File<'a> {
    /// Opens a file's bytes.
    pub fn open(bytes: &'a [u8]) -> Result<Self, ImportError> {
        if bytes.get(4..8) != Some(b"TFL3") {
            return Err(ImportError::Kind);
        }
        let model = ModelRef::read_as_root(bytes)?;
        if model.version()? != 3 {
            return Err(ImportError::Graph(format!("has version {} of the format; 3 is supported", model.version()?)));
        }
        let graphs = model.subgraphs()?.ok_or_else(|| missing("graphs"))?;
        if graphs.len() != 1 {
            return Err(ImportError::Graph(format!("has {} graphs; models of one graph are supported", graphs.len())));
        }
        let graph = graphs.get(0).ok_or_else(|| missing("graphs"))??;
        let mut file = Self { model, graph, operators: vec![], input: 0, output: 0 };
        let tensors = file.count(graph.tensors()?.map(|t| t.len()), "tensors")?;
        file.input = file.only_end(graph.inputs()?, "input", tensors)?;
        file.output = file.only_end(graph.outputs()?, "output", tensors)?;
        let raw = graph.operators()?.ok_or_else(|| missing("operators"))?;
        file.count(Some(raw.len()), "operators")?;
        for (index, raw) in raw.iter().enumerate() {
            let operator = file.operator(index, raw?, tensors)?;
            file.operators.push(operator);
        }
        Ok(file)
    }

    fn count(&self, found: Option<usize>, what: &str) -> Result<usize, ImportError> {
        match found {
            Some(n @ 1..=MAX_ITEMS) => Ok(n),
            Some(0) | None => Err(missing(what)),
            Some(n) => Err(ImportError::Graph(format!("has {n} {what}; at most {MAX_ITEMS} are supported"))),
        }
    }

    fn only_end(
        &self,
        ends: Option<planus::Vector<'_, i32>>,
        what: &str,
        tensors: usize,
    ) -> Result<usize, ImportError> {
        let ends = ends.ok_or_else(|| missing(what))?;
        if ends.len() != 1 {
            return Err(ImportError::Graph(format!("has {} {what}s; one is supported", ends.len())));
        }
        index(ends.get(0), tensors).ok_or_else(|| missing(what))
    }

    fn operator(&self, at: usize, raw: OperatorRef<'a>, tensors: usize) -> Result<Operator<'a>, ImportError> {
        let codes = self.model.operator_codes()?.ok_or_else(|| missing("operator codes"))?;
        let code = codes.get(raw.opcode_index()? as usize).ok_or_else(|| missing("operator codes"))??;
        let kind = code.kind()?.max(code.old_kind()?.into());
        let name = match usize::try_from(kind).ok().and_then(|kind| OPERATORS.get(kind)) {
            Some(&name) => name.to_owned(),
            None => format!("operator code {kind}"),
        };
        let damaged = |what| ImportError::Operator {
            index: at,
            name: name.clone(),
            reason: format!("is damaged: its {what} do not exist"),
        };
        let (inputs, outputs) = (raw.inputs()?, raw.outputs()?);
        if inputs.is_some_and(|v| v.len() > MAX_ENDS) || outputs.is_some_and(|v| v.len() > MAX_ENDS) {
            return Err(damaged("inputs or outputs"));
        }
        let inputs = inputs.into_iter().flatten().map(|id| match id {
            -1 => Some(None),
            id => index(Some(id), tensors).map(Some),
        });
        let outputs = outputs.into_iter().flatten().map(|id| index(Some(id), tensors));
        Ok(Operator {
            inputs: inputs.collect::<Option<_>>().ok_or_else(|| damaged("inputs"))?,
            outputs: outputs.collect::<Option<_>>().ok_or_else(|| damaged("outputs"))?,
            name,
            raw,
        })
    }

    /// Reads a tensor.
    pub fn tensor(&self, id: usize) -> Result<Tensor<'a>, Reason> {
        self.try_tensor(id).map_err(|error| format!("reads a tensor that cannot be used: {error}"))
    }

    fn try_tensor(&self, id: usize) -> Result<Tensor<'a>, ImportError> {
        let raw = self.graph.tensors()?.and_then(|t| t.get(id)).ok_or_else(|| missing("tensors"))??;
        let shape = raw.shape()?;
        if shape.is_some_and(|s| s.len() > MAX_RANK) {
            return Err(ImportError::Damaged(format!("tensor {id} has more than {MAX_RANK} dimensions")));
        }
        let shape = shape.into_iter().flatten().map(usize::try_from).collect::<Result<Vec<_>, _>>();
        let shape = shape.map_err(|_| ImportError::Damaged(format!("tensor {id} has a negative dimension")))?;
        if raw.sparsity()?.is_some() {
            return Err(ImportError::Graph("has sparse tensors, which are not supported".into()));
        }
        // Buffer 0 is empty by convention: it is what activations have.
        let buffer = raw.buffer()? as usize;
        let buffer = self.model.buffers()?.and_then(|b| b.get(buffer)).ok_or_else(|| missing("buffers"))??;
        let data = buffer.data()?.filter(|data| !data.is_empty());
        Ok(Tensor { shape, kind: raw.type_()?, data, raw })
    }
}

impl<'a> Operator<'a> {
    /// Its options, if it has those of the kind that `pick` takes.
    pub fn options<T>(&self, pick: impl Fn(OptionsRef<'a>) -> Option<T>) -> Result<T, Reason> {
        let options = self.raw.options().map_err(|_| "has options that cannot be read")?;
        options.and_then(pick).ok_or_else(|| "has no options of its kind".into())
    }

    /// An input that must be there.
    pub fn input(&self, n: usize) -> Result<usize, Reason> {
        self.inputs.get(n).copied().flatten().ok_or_else(|| format!("lacks its input {n}"))
    }

    /// Its only output.
    pub fn output(&self) -> Result<usize, Reason> {
        match self.outputs[..] {
            [output] => Ok(output),
            _ => Err(format!("has {} outputs; one is supported", self.outputs.len())),
        }
    }
}

impl<'a> Tensor<'a> {
    /// Number of elements, if it is reasonable.
    pub fn len(&self) -> Option<usize> {
        self.shape.iter().try_fold(1usize, |n, &size| n.checked_mul(size)).filter(|&n| n <= 1 << 40)
    }

    /// Constant bytes, one for each element of `bytes` bytes.
    pub fn constant(&self, bytes: usize) -> Result<&'a [u8], Reason> {
        let data = self.data.ok_or("takes weights that are no constants")?;
        let expected = self.len().and_then(|n| n.checked_mul(bytes));
        if expected == Some(data.len()) {
            Ok(data)
        } else {
            Err("has constants of another size than their shape".into())
        }
    }

    /// Constant 32-bit integers.
    pub fn integers(&self) -> Result<Vec<i32>, Reason> {
        match self.kind {
            TensorType::Int32 => {
                let (words, _) = self.constant(4)?.as_chunks::<4>();
                Ok(words.iter().map(|&word| i32::from_le_bytes(word)).collect())
            }
            other => Err(format!("has constants of type {}; INT32 is supported", kind_name(other))),
        }
    }

    /// What has to be added to the file's values to get stored ones, which go from 0 to 255.
    pub fn stored_offset(&self) -> Result<i64, Reason> {
        match self.kind {
            TensorType::Uint8 => Ok(0),
            TensorType::Int8 => Ok(128),
            other => Err(format!(
                "has a tensor of type {}; only models quantised to INT8 or UINT8 are supported",
                kind_name(other)
            )),
        }
    }

    /// Scales and zero points, all of them usable.
    pub fn scales(&self) -> Result<Scales, Reason> {
        self.try_scales().map_err(|_| "has quantisation parameters that cannot be read")?
    }

    fn try_scales(&self) -> Result<Result<Scales, Reason>, planus::Error> {
        let Some(raw) = self.raw.quantization()? else { return Ok(Err("has a tensor without scales".into())) };
        let (steps, zeros) = (raw.scale()?, raw.zero_point()?);
        let count = steps.map_or(0, |s| s.len());
        if count == 0 || count > MAX_SCALES || zeros.is_some_and(|z| z.len() > count) {
            return Ok(Err("has a tensor without scales".into()));
        }
        let steps: Vec<f64> = steps.into_iter().flatten().map(f64::from).collect();
        if let Some(step) = steps.iter().find(|step| !step.is_normal() || **step < 0.0) {
            return Ok(Err(format!("has a tensor with a scale of {step}, which is no positive number")));
        }
        let mut zeros: Vec<i64> = zeros.into_iter().flatten().collect();
        zeros.resize(count, zeros.last().copied().unwrap_or(0));
        let allowed: RangeInclusive<i64> = if self.kind == TensorType::Uint8 { 0..=255 } else { -128..=127 };
        if let Some(zero) = zeros.iter().find(|zero| !allowed.contains(zero)) {
            return Ok(Err(format!("has a tensor with a zero point of {zero}, which its type does not hold")));
        }
        let axis = usize::try_from(raw.quantized_dimension()?).unwrap_or(usize::MAX);
        if count > 1 && self.shape.get(axis) != Some(&count) {
            return Ok(Err(format!("has a tensor with {count} scales, which fit none of its dimensions")));
        }
        Ok(Ok(Scales { steps, zeros, axis }))
    }
}

impl Scales {
    /// Step and zero point, if there is one of each.
    pub fn single(&self) -> Result<(f64, i64), Reason> {
        match (&self.steps[..], &self.zeros[..]) {
            (&[step], &[zero]) => Ok((step, zero)),
            _ => Err("has activations with a scale for each channel, which is not supported".into()),
        }
    }
}

/// A type's name as people know it.
pub fn kind_name(kind: TensorType) -> String {
    format!("{kind:?}").to_uppercase()
}

fn index(id: Option<i32>, count: usize) -> Option<usize> {
    id.and_then(|id| usize::try_from(id).ok()).filter(|&id| id < count)
}

fn missing(what: &str) -> ImportError {
    ImportError::Damaged(format!("{what} are missing"))
}
