//! State dicts as `torch.save` writes them.

use crate::{Result, ZooError};
use candle_core::{DType, Tensor};
use std::io::{Cursor, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// What stands before the names of all entries of the archive.
const ROOT: &str = "archive";
/// Where PyTorch lets the numbers of a storage begin.
const ALIGNMENT: u16 = 64;

/// Writes named tensors as a state dict that `torch.load(path, weights_only=True)` reads: an uncompressed ZIP archive with
/// the dictionary as a pickle of protocol 2 and the numbers of each tensor, little-endian, beside it.
///
/// # Shapes
/// Any, a number of its own (`[]`) included; elements are F32, F64 or I64. Tensors are written row-major.
///
/// # Errors
/// [`ZooError::File`] for another type of elements, a name that stands twice, a folder that cannot be written.
///
/// # Example
/// ```
/// use candle_core::{Device, Tensor};
/// use cistron_zoo::drg::{read_state, write_pth};
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("STEM_parameter.pth");
/// let bias = Tensor::new(&[0.5f32, -1.0], &Device::Cpu)?;
/// write_pth(&path, &[("classifier.bias".into(), bias)])?;
/// assert_eq!(read_state(&path)?["classifier.bias"].to_vec1::<f32>()?, [0.5, -1.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_pth(path: impl AsRef<Path>, state: &[(String, Tensor)]) -> Result<()> {
    write(path.as_ref(), state)
}

// Not generic: what is compiled in a notebook's cell cannot reach the compression of archives.
fn write(path: &Path, state: &[(String, Tensor)]) -> Result<()> {
    let wrong = |found: String, expected: &str| ZooError::File {
        path: path.into(),
        found,
        expected: expected.into(),
    };
    if let Some((i, (name, _))) = state
        .iter()
        .enumerate()
        .find(|(i, (name, _))| state[..*i].iter().any(|(before, _)| before == name))
    {
        let found = format!("tensor {} is called `{name}` as one before it", i + 1);
        return Err(wrong(found, "one tensor of each name"));
    }
    let mut pickle = Pickle::default();
    let mut storages = Vec::new();
    for (i, (name, tensor)) in state.iter().enumerate() {
        let Some((class, numbers)) = numbers(tensor)? else {
            let found = format!("`{name}` has elements of type {:?}", tensor.dtype());
            return Err(wrong(found, "F32, F64 or I64"));
        };
        pickle.entry(name, class, i, tensor.dims());
        storages.push(numbers);
    }
    let bytes = archive(&pickle.finish(), &storages).map_err(|e| wrong(e.to_string(), "an archive that can be written"))?;
    cistron_runs::write_atomically(path, &bytes).map_err(|e| wrong(e.to_string(), "a folder that can be written"))
}

/// PyTorch's class of a tensor's storage, and its numbers as bytes; nothing for a type of elements that is not written.
fn numbers(tensor: &Tensor) -> Result<Option<(&'static str, Vec<u8>)>> {
    let flat = tensor.flatten_all()?;
    Ok(match tensor.dtype() {
        DType::F32 => Some(("FloatStorage", bytes(flat.to_vec1::<f32>()?, f32::to_le_bytes))),
        DType::F64 => Some(("DoubleStorage", bytes(flat.to_vec1::<f64>()?, f64::to_le_bytes))),
        DType::I64 => Some(("LongStorage", bytes(flat.to_vec1::<i64>()?, i64::to_le_bytes))),
        _ => None,
    })
}

fn bytes<T, const N: usize>(values: Vec<T>, of: fn(T) -> [u8; N]) -> Vec<u8> {
    values.into_iter().flat_map(of).collect()
}

fn archive(pickle: &[u8], storages: &[Vec<u8>]) -> zip::result::ZipResult<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut add = |name: &str, content: &[u8]| -> zip::result::ZipResult<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .with_alignment(ALIGNMENT)
            .large_file(u32::try_from(content.len()).is_err());
        zip.start_file(format!("{ROOT}/{name}"), options)?;
        zip.write_all(content)?;
        Ok(())
    };
    add("data.pkl", pickle)?;
    add("byteorder", b"little")?;
    for (i, numbers) in storages.iter().enumerate() {
        add(&format!("data/{i}"), numbers)?;
    }
    add("version", b"3\n")?;
    Ok(zip.finish()?.into_inner())
}

/// A pickle of an `OrderedDict` of tensors, protocol 2.
struct Pickle(Vec<u8>);

const MARK: u8 = b'(';
const TUPLE: u8 = b't';
const REDUCE: u8 = b'R';

impl Default for Pickle {
    fn default() -> Self {
        let mut pickle = Self(vec![0x80, 2]);
        pickle.empty_dict();
        pickle.0.push(MARK);
        pickle
    }
}

impl Pickle {
    fn global(&mut self, module: &str, name: &str) {
        self.0.extend(format!("c{module}\n{name}\n").bytes());
    }

    /// `OrderedDict()`
    fn empty_dict(&mut self) {
        self.global("collections", "OrderedDict");
        self.0.extend([b')', REDUCE]);
    }

    fn text(&mut self, text: &str) {
        self.0.push(b'X');
        self.0.extend((text.len() as u32).to_le_bytes());
        self.0.extend(text.bytes());
    }

    fn whole(&mut self, number: usize) {
        match i32::try_from(number) {
            Ok(number) => {
                self.0.push(b'J');
                self.0.extend(number.to_le_bytes());
            }
            Err(_) => {
                self.0.extend([0x8a, 8]);
                self.0.extend((number as u64).to_le_bytes());
            }
        }
    }

    fn wholes(&mut self, numbers: &[usize]) {
        self.0.push(MARK);
        numbers.iter().for_each(|n| self.whole(*n));
        self.0.push(TUPLE);
    }

    /// `name: _rebuild_tensor_v2(storage, 0, sizes, strides, False, OrderedDict())`
    fn entry(&mut self, name: &str, class: &str, storage: usize, sizes: &[usize]) {
        self.text(name);
        self.global("torch._utils", "_rebuild_tensor_v2");
        self.0.extend([MARK, MARK]);
        self.text("storage");
        self.global("torch", class);
        self.text(&storage.to_string());
        self.text("cpu");
        self.whole(sizes.iter().product());
        // The tuple so far is what the storage is found by.
        self.0.extend([TUPLE, b'Q']);
        self.whole(0);
        self.wholes(sizes);
        let strides: Vec<usize> = (1..=sizes.len()).map(|axis| sizes[axis..].iter().product()).collect();
        self.wholes(&strides);
        self.0.push(0x89);
        self.empty_dict();
        self.0.extend([TUPLE, REDUCE]);
    }

    fn finish(mut self) -> Vec<u8> {
        self.0.extend(b"u.");
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drg::read_state;
    use candle_core::Device;

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pth");
        let matrix = Tensor::arange(0f32, 24.0, &Device::Cpu).unwrap().reshape((2, 3, 4)).unwrap();
        let state = [
            ("trunk.weight".to_string(), matrix.clone()),
            // Not as it lies in memory.
            ("turned".to_string(), matrix.transpose(0, 2).unwrap()),
            ("double".to_string(), Tensor::new(&[[0.1f64], [1e300]], &Device::Cpu).unwrap()),
            (
                "norm.num_batches_tracked".to_string(),
                Tensor::new(17i64, &Device::Cpu).unwrap(),
            ),
        ];
        write_pth(&path, &state).unwrap();
        let found = read_state(&path).unwrap();
        assert_eq!(found.len(), state.len());
        for (name, tensor) in &state {
            assert_eq!(
                (found[name].dtype(), found[name].dims()),
                (tensor.dtype(), tensor.dims()),
                "{name}"
            );
            let values = |t: &Tensor| {
                t.flatten_all()
                    .and_then(|t| t.to_dtype(DType::F64)?.to_vec1::<f64>())
                    .unwrap()
            };
            assert_eq!(values(&found[name]), values(tensor), "{name}");
        }
        write_pth(&path, &[]).unwrap();
        assert!(read_state(&path).unwrap().is_empty());
    }

    #[test]
    fn storages_lie_uncompressed_where_pytorch_looks_for_them() {
        let numbers = vec![7u8; 128];
        let bytes = archive(b"pickle", &[vec![1; 4], numbers.clone()]).unwrap();
        let at = bytes.windows(numbers.len()).position(|w| w == numbers).unwrap();
        assert_eq!(at % usize::from(ALIGNMENT), 0);
        for name in ["archive/data.pkl", "archive/byteorder", "archive/data/1", "archive/version"] {
            assert!(bytes.windows(name.len()).any(|w| w == name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn what_cannot_be_written_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let one = || Tensor::new(1f32, &Device::Cpu).unwrap();
        let said = |path: &str, state: &[(String, Tensor)]| write_pth(folder.path().join(path), state).unwrap_err().to_string();
        let twice = said("a.pth", &[("w".into(), one()), ("w".into(), one())]);
        assert!(twice.contains("tensor 2 is called `w` as one before it"), "{twice}");
        let half = said("a.pth", &[("w".into(), one().to_dtype(DType::F16).unwrap())]);
        assert!(
            half.contains("`w` has elements of type F16; expected F32, F64 or I64"),
            "{half}"
        );
        let nowhere = said("no/a.pth", &[("w".into(), one())]);
        assert!(nowhere.contains("expected a folder that can be written"), "{nowhere}");
        assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none());
    }
}
