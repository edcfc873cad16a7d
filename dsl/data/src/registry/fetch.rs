//! A file from the web into the cache.

use super::entries::Entry;
use super::locate::verify;
use crate::{DataError, Result};
use cistron_display::{Bundle, Live, Theme, duration, escape};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often the progress line is drawn.
const REDRAW: Duration = Duration::from_millis(200);

/// Fetches into a temporary file, checks it and gives it its name.
pub(crate) fn fetch(entry: &Entry, cache: &Path) -> Result<PathBuf> {
    let mut live = Live::new();
    let content = match download(entry, &mut live) {
        Ok(content) => content,
        Err(problem) => {
            let text = format!("`{}` is not here and could not be fetched: {problem}", entry.file);
            live.finish(&Bundle::plain(format!("fetching {}: failed", entry.file)));
            return Err(DataError::Registry(text));
        }
    };
    verify(entry, entry.url, &content)?;
    let target = cache.join(entry.file);
    let temporary = cache.join(format!("{}.{}.part", entry.file, std::process::id()));
    let failed = |e: std::io::Error| DataError::file(temporary.display(), None, e.to_string());
    std::fs::create_dir_all(cache).map_err(failed)?;
    let mut file = std::fs::File::create(&temporary).map_err(failed)?;
    file.write_all(&content).and_then(|()| file.sync_all()).map_err(failed)?;
    std::fs::rename(&temporary, &target).map_err(failed)?;
    live.finish(&Bundle::plain(format!(
        "fetched {} ({} kB, {}; cite {})",
        entry.file,
        content.len() / 1000,
        entry.licence,
        entry.citation
    )));
    Ok(target)
}

fn download(entry: &Entry, live: &mut Live) -> std::result::Result<Vec<u8>, String> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_connect(Some(Duration::from_secs(10)))
        .timeout_recv_response(Some(Duration::from_secs(30)))
        .build()
        .into();
    let mut response = agent.get(entry.url).call().map_err(|e| e.to_string())?;
    let mut reader = response.body_mut().as_reader();
    let (mut content, mut buffer) = (Vec::new(), vec![0u8; 1 << 16]);
    let began = Instant::now();
    live.update(&progress(entry, 0, Duration::ZERO));
    loop {
        let n = reader
            .read(&mut buffer)
            .map_err(|e| format!("the connection broke after {} bytes: {e}", content.len()))?;
        if n == 0 {
            return Ok(content);
        }
        content.extend_from_slice(&buffer[..n]);
        if content.len() as u64 > entry.bytes {
            return Err(format!("the server sends more than the registered {} bytes", entry.bytes));
        }
        if cistron_display::interrupted() {
            return Err(format!("interrupted after {} of {} bytes", content.len(), entry.bytes));
        }
        if live.is_due(REDRAW) {
            live.update(&progress(entry, content.len() as u64, began.elapsed()));
        }
    }
}

/// A line with a bar: how much is here, how fast it comes, how long it will still take.
fn progress(entry: &Entry, done: u64, time: Duration) -> Bundle {
    let share = (100 * done / entry.bytes.max(1)).min(100);
    let mut line = format!("fetching {}: {share}% of {} kB", entry.file, entry.bytes / 1000);
    let rate = done as f64 / time.as_secs_f64();
    if rate.is_finite() && rate > 0.0 {
        let left = entry.bytes.saturating_sub(done) as f64 / rate;
        let left = duration(Duration::from_secs_f64(left.min(1e9)));
        line.push_str(&format!(" · {:.0} kB/s · about {left} left", rate / 1000.0));
    }
    let html = format!(
        "<div style=\"font-size:13px\">{}<div style=\"height:6px;width:300px;background:{}\"><div style=\"height:6px;width:{share}%;background:{}\"></div></div></div>",
        escape(&line),
        Theme::LINE,
        Theme::SERIES[0]
    );
    Bundle::plain(line).html(html)
}
