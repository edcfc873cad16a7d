//! README's listing is a cell that runs.

use cistron_tests::Notebook;
use std::path::Path;

#[test]
fn the_listing_of_the_readme_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let listing = readme
        .split("```rust\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("README has a listing");
    assert!((8..=14).contains(&listing.lines().count()), "about ten lines: {listing}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    let data = "data/mpsa_brca2_lib1.csv.gz";
    std::fs::copy(root.join("notebooks").join(data), folder.path().join(data)).unwrap();
    let ran = Notebook::default()
        .cell(listing)
        .cell("run.correlation(&splice, Part::Test, \"psi\")? > 0.8")
        .run(folder.path(), &[]);
    assert!(ran.success, "{}", ran.stderr);
    assert!(
        ran.media_types(0).iter().any(|m| m == "image/svg+xml"),
        "the figure is shown: {:?}",
        ran.media_types(0)
    );
    assert_eq!(ran.text(1).trim(), "true");
}
