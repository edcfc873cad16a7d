//! Paths in files that travel: never those of one machine.

use std::path::{Component, Path};

/// A path as a notebook may carry it: relative to the notebook's folder where it lies below, else below the variable
/// that names its place (`$CISTRON_DATA`, `$CISTRON_CACHE`), else the file's name alone.
pub fn shown(path: &Path, folder: &Path) -> String {
    let places = ["CISTRON_DATA", "CISTRON_SHARED", "CISTRON_CACHE"];
    let places = places.map(|name| (name, std::env::var_os(name).map(Into::into)));
    shown_from(path, folder, &places)
}

fn shown_from(path: &Path, folder: &Path, places: &[(&str, Option<std::path::PathBuf>)]) -> String {
    let absolute = folder.join(path);
    if let Ok(below) = absolute.strip_prefix(folder)
        && !below.components().any(|c| c == Component::ParentDir)
    {
        return below.display().to_string();
    }
    for (name, place) in places {
        if let Some(place) = place.as_ref().filter(|p| p.is_absolute())
            && let Ok(below) = absolute.strip_prefix(place)
        {
            return format!("${name}/{}", below.display());
        }
    }
    if path.is_relative() {
        return path.display().to_string();
    }
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_of_the_machine_is_left() {
        let folder = Path::new("/home/a/notebooks");
        let places = [("CISTRON_DATA", Some("/srv/data".into())), ("CISTRON_CACHE", None)];
        let shown = |path: &str| shown_from(Path::new(path), folder, &places);
        assert_eq!(shown("data/x.tsv"), "data/x.tsv");
        assert_eq!(shown("/home/a/notebooks/data/x.tsv"), "data/x.tsv");
        assert_eq!(shown("/srv/data/yeast/x.2bit"), "$CISTRON_DATA/yeast/x.2bit");
        assert_eq!(shown("/home/a/secret/x.tsv"), "x.tsv");
        assert_eq!(shown("../x.tsv"), "../x.tsv");
    }
}
