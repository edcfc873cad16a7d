//! What is registered.

use crate::{DataError, Result};
use cistron_display::{Bundle, Show, Table, count};

/// A registered data set: one file on the web, at a fixed commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name it is asked for by.
    pub name: &'static str,
    /// One sentence.
    pub what: &'static str,
    /// The file's name here.
    pub file: &'static str,
    /// Where it is fetched from.
    pub url: &'static str,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its SHA-256, 64 hexadecimal digits.
    pub sha256: &'static str,
    /// Its licence.
    pub licence: &'static str,
    /// What to cite.
    pub citation: &'static str,
}

const ENTRIES: [Entry; 1] = [Entry {
    name: "mpsa_brca2_lib1",
    what: "30,483 of all 32,768 5' splice sites NNN/GYNNNN in a BRCA2 minigene; y = log10 percent spliced in",
    file: "mpsa_brca2_lib1.csv.gz",
    url: "https://raw.githubusercontent.com/jbkinney/mavenn/4553944e31b195f0d83dc4a95cdca94d606d97b4/mavenn/examples/datasets/mpsa_data.csv.gz",
    bytes: 431_713,
    sha256: "df1251425d7bae15cbae5922c9b05e7765344fc4bb13970fb44b51370c09cf74",
    licence: "MIT, (c) 2020 Ammar Tareen, Justin B. Kinney",
    citation: "Wong, Kinney, Krainer, Mol Cell 2018 (assay); Tareen et al., Genome Biology 2022 (MAVE-NN, the file)",
}];

/// Everything that is registered.
pub fn entries() -> &'static [Entry] {
    &ENTRIES
}

/// A registered data set by name.
///
/// # Errors
/// An unknown name; the message offers the nearest.
pub fn entry(name: &str) -> Result<&'static Entry> {
    let found = ENTRIES.iter().find(|e| e.name == name);
    found.ok_or_else(|| DataError::unknown("registered data set", name, ENTRIES.iter().map(|e| e.name)))
}

impl Show for Entry {
    fn bundle(&self) -> Bundle {
        let mut table = Table::new(self.name, &["", ""]);
        let size = format!("{} bytes", count(self.bytes as usize));
        let rows = [
            ("what", self.what),
            ("file", self.file),
            ("from", self.url),
            ("size", &size),
            ("sha256", self.sha256),
            ("licence", self.licence),
            ("cite", self.citation),
        ];
        rows.into_iter().for_each(|(title, value)| table.row([title, value]));
        table.bundle()
    }
}
