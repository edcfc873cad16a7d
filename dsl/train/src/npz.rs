//! Writes NumPy archives.

use crate::{Result, TrainError};
use npyz::WriterBuilder;
use npyz::npz::NpzWriter;
use std::io::Cursor;
use std::path::Path;

/// Arrays that are collected and then written at once.
pub(crate) struct Archive {
    path: std::path::PathBuf,
    writer: NpzWriter<Cursor<Vec<u8>>>,
}

impl Archive {
    /// An archive that will lie at `path`.
    ///
    /// # Errors
    /// A name that does not end in `.npz`.
    pub(crate) fn new(path: &Path) -> Result<Self> {
        let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        if !ending.eq_ignore_ascii_case("npz") {
            let found = path.display();
            return Err(TrainError::Impossible(format!(
                "`{found}` does not end in `.npz`; NumPy archives are written under that ending"
            )));
        }
        Ok(Self {
            path: path.into(),
            writer: NpzWriter::new(Cursor::new(Vec::new())),
        })
    }

    fn failed(&self, name: &str, error: &std::io::Error) -> TrainError {
        TrainError::Impossible(format!(
            "array `{name}` of {} cannot be written: {error}",
            self.path.display()
        ))
    }

    /// Adds an array of text, as wide as its longest element.
    pub(crate) fn texts<'a>(&mut self, name: &str, texts: impl IntoIterator<Item = &'a str>) -> Result<()> {
        self.wide_texts(name, 1, texts)
    }

    /// Adds an array of text, as wide as its longest element and at least of this width.
    pub(crate) fn wide_texts<'a>(&mut self, name: &str, least: usize, texts: impl IntoIterator<Item = &'a str>) -> Result<()> {
        let texts: Vec<&str> = texts.into_iter().collect();
        let widest = texts.iter().map(|t| t.chars().count()).max().unwrap_or(0).max(least);
        let mut write = || {
            let text_type = format!("<U{widest}").parse().map_err(std::io::Error::other)?;
            let mut array = self
                .writer
                .array::<str>(name, Default::default())?
                .dtype(npyz::DType::new_scalar(text_type))
                .shape(&[texts.len() as u64])
                .begin_nd()?;
            texts.iter().try_for_each(|text| array.push(text))?;
            array.finish()
        };
        let written = write();
        written.map_err(|e| self.failed(name, &e))
    }

    /// Adds an array of single precision numbers, row-major.
    pub(crate) fn numbers(&mut self, name: &str, shape: &[usize], values: impl IntoIterator<Item = f32>) -> Result<()> {
        let shape: Vec<u64> = shape.iter().map(|&n| n as u64).collect();
        let write = |writer: &mut NpzWriter<Cursor<Vec<u8>>>| {
            let mut array = writer
                .array::<f32>(name, Default::default())?
                .default_dtype()
                .shape(&shape)
                .begin_nd()?;
            array.extend(values)?;
            array.finish()
        };
        let written = write(&mut self.writer);
        written.map_err(|e| self.failed(name, &e))
    }

    /// Writes the file; what was there is replaced at once or not at all.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub(crate) fn finish(mut self) -> Result<()> {
        let finished = self.writer.zip_writer().finish();
        let bytes = finished.map_err(|e| self.failed("the last", &e.into()))?.into_inner();
        cistron_runs::write_atomically(&self.path, &bytes)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use npyz::NpyFile;
    use npyz::npz::NpzArchive;

    #[test]
    fn an_archive_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        let mut archive = Archive::new(&path).unwrap();
        archive.texts("names", ["g1", "gene_β", ""]).unwrap();
        archive
            .numbers("values", &[3, 2], [1.0, -2.5, 0.0, f32::NAN, 4.0, 5.0])
            .unwrap();
        archive.texts("none", []).unwrap();
        archive.finish().unwrap();
        let mut read = NpzArchive::open(&path).unwrap();
        let names: Vec<String> = read.by_name("names").unwrap().unwrap().into_vec().unwrap();
        assert_eq!(names, ["g1", "gene_β", ""]);
        let values: NpyFile<_> = read.by_name("values").unwrap().unwrap();
        assert_eq!(
            (values.shape(), values.dtype().descr()),
            (&[3u64, 2][..], "'<f4'".to_string())
        );
        let values: Vec<f32> = values.into_vec().unwrap();
        assert!(values[3].is_nan() && values[..3] == [1.0, -2.5, 0.0] && values[4..] == [4.0, 5.0]);
    }

    #[test]
    fn other_endings_and_shapes_are_refused() {
        let message = Archive::new(Path::new("predictions.csv")).err().unwrap().to_string();
        assert!(message.starts_with("`predictions.csv` does not end in `.npz`"), "{message}");
        let mut archive = Archive::new(Path::new("a.npz")).unwrap();
        let message = archive.numbers("values", &[3], [1.0]).unwrap_err().to_string();
        assert!(message.starts_with("array `values` of a.npz cannot be written"), "{message}");
    }
}
