//! What Jupyter talks to.
use std::path::Path;
/// .
pub fn serve(_: &Path, _: &Path, _: &Path) -> Result<(), Box<dyn std::error::Error>> {
    Ok(())
}
/// What front ends need to know of the language.
pub fn language_info() -> serde_json::Value {
    serde_json::json!({
        "name": "rust", "version": "1.95", "mimetype": "text/rust", "file_extension": ".rs",
        "pygments_lexer": "rust", "codemirror_mode": "rust", "nbconvert_exporter": "script",
    })
}
