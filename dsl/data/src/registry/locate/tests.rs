use super::*;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

const CONTENT: &[u8] = b"a,b\n1,2\n";

/// A server on this machine that answers one request with `body`, promising `length` bytes.
fn server(body: &'static [u8], length: usize) -> &'static str {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/toy.csv", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        while lines.next().is_some_and(|l| l.is_ok_and(|l| !l.is_empty())) {}
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        stream
            .write_all(head.as_bytes())
            .and_then(|()| stream.write_all(body))
            .unwrap();
    });
    Box::leak(url.into_boxed_str())
}

fn toy(url: &'static str) -> Entry {
    let sha256 = Box::leak(sha256_hex(CONTENT).into_boxed_str());
    Entry {
        name: "toy",
        what: "",
        file: "toy.csv",
        url,
        bytes: CONTENT.len() as u64,
        sha256,
        licence: "MIT",
        citation: "us",
    }
}

fn places(folder: &Path) -> Places {
    Places {
        beside: folder.join("data"),
        data: Some(folder.join("all")),
        cache: Some(folder.join("cache")),
    }
}

#[test]
fn a_file_is_fetched_once_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let entry = toy(server(CONTENT, CONTENT.len()));
    let found = find(&entry, &places(folder.path())).unwrap();
    assert_eq!(found, folder.path().join("cache/toy.csv"));
    assert_eq!(std::fs::read(&found).unwrap(), CONTENT);
    // The server is gone now: the second time it comes from the cache.
    assert_eq!(find(&entry, &places(folder.path())).unwrap(), found);
    assert_eq!(
        std::fs::read_dir(folder.path().join("cache")).unwrap().count(),
        1,
        "no temporary file is left"
    );
}

#[test]
fn local_folders_come_before_the_web() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("all/mpra/extra");
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::write(deep.join("toy.csv"), CONTENT).unwrap();
    let entry = toy("http://127.0.0.1:9/never");
    assert_eq!(find(&entry, &places(folder.path())).unwrap(), deep.join("toy.csv"));
}

#[test]
fn another_content_is_an_error_with_both_hashes() {
    let folder = tempfile::tempdir().unwrap();
    let other: &[u8] = b"a,b\n1,3\n";
    let entry = toy(server(other, other.len()));
    let message = find(&entry, &places(folder.path())).unwrap_err().to_string();
    assert!(message.contains("is not the registered `toy`"), "{message}");
    assert!(
        message.contains(&sha256_hex(CONTENT)) && message.contains(&sha256_hex(other)),
        "{message}"
    );
    assert!(!folder.path().join("cache/toy.csv").exists(), "a wrong file is not kept");
}

#[test]
fn a_broken_connection_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let entry = toy(server(&CONTENT[..3], CONTENT.len()));
    let message = find(&entry, &places(folder.path())).unwrap_err().to_string();
    assert!(
        message.contains("`toy.csv` is not here and could not be fetched"),
        "{message}"
    );
    assert!(!folder.path().join("cache").exists());
}

#[test]
fn offline_and_absent_says_which_file_to_put_where() {
    let folder = tempfile::tempdir().unwrap();
    let entry = toy("http://127.0.0.1:9/toy.csv");
    let message = find(&entry, &places(folder.path())).unwrap_err().to_string();
    assert!(message.contains("download http://127.0.0.1:9/toy.csv"), "{message}");
    assert!(message.contains("as `toy.csv` (8 bytes, sha256 "), "{message}");
    assert!(
        message.contains("(CISTRON_DATA)") && message.contains("beside the notebook"),
        "{message}"
    );
}

#[test]
fn an_unknown_name_offers_the_nearest() {
    let message = path("mpsa_brca_lib1").unwrap_err().to_string();
    assert_eq!(
        message,
        "no registered data set `mpsa_brca_lib1`: did you mean `mpsa_brca2_lib1`?"
    );
}
