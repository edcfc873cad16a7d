//! Runs that are done already and need no second fit.

use crate::objective::Objective;
use crate::record;
use crate::{Options, Result, Run};
use cistron_data::{DataError, Dataset, Part};
use cistron_model::Model;
use cistron_runs::RunFolder;
use std::collections::BTreeMap;
use std::path::Path;

/// The newest finished run of the same model, objective, data and options among the runs of a folder.
pub(super) fn find(root: &Path, model: &Model, objective: &Objective, data: &Dataset, options: &Options) -> Result<Option<Run>> {
    let rows = |part: Part| match data.rows(part, options.fold.map(|f| f as usize)) {
        Err(DataError::EmptyPart { .. }) => Ok(Vec::new()),
        rows => rows,
    };
    let (train, valid, test) = (rows(Part::Train)?, rows(Part::Valid)?, rows(Part::Test)?);
    let parts = BTreeMap::from([("training", &train), ("validation", &valid), ("test", &test)]);
    let identity = record::identity(model, objective, data, options, &parts)?;
    let options = record::json(options)?;
    let short: String = record::run_hash(&identity).chars().take(8).collect();
    let Ok(entries) = std::fs::read_dir(root) else {
        return Ok(None);
    };
    // The folder's name holds the hash, and behind it a number where two runs began in one second.
    let of_this = |name: &str| {
        let number = |rest: &str| rest.is_empty() || rest.strip_prefix('-').is_some_and(|n| n.parse::<u32>().is_ok());
        name.rsplit_once(&format!("-{short}")).is_some_and(|(_, rest)| number(rest))
    };
    let mut folders: Vec<_> = entries
        .filter_map(|entry| entry.ok())
        .filter(|entry| of_this(&entry.file_name().to_string_lossy()))
        .map(|entry| entry.path())
        .collect();
    folders.sort();
    for path in folders.iter().rev() {
        let Ok(folder) = RunFolder::open(path) else { continue };
        let manifest = folder.manifest()?;
        let ended = manifest
            .ending
            .as_ref()
            .is_some_and(|ending| ["epochs", "patience", "finetuned", "ratio", "resets"].contains(&ending.reason.as_str()));
        let same = manifest.model_hash == identity.model_hash
            && manifest.data_hash == identity.data_hash
            && manifest.objective == identity.objective
            && manifest.options == options;
        if ended && same {
            return Run::open(path).map(Some);
        }
    }
    Ok(None)
}
