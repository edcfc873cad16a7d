//! The connection file.

use serde::Deserialize;
use std::path::Path;

/// What the connection file says.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Connection {
    transport: String,
    ip: String,
    pub(super) key: String,
    #[serde(default)]
    signature_scheme: String,
    pub(super) shell_port: u32,
    pub(super) iopub_port: u32,
    pub(super) stdin_port: u32,
    pub(super) control_port: u32,
    pub(super) hb_port: u32,
}

impl Connection {
    /// Reads the file; the message of an error says what is wrong with it.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let connection: Self =
            serde_json::from_str(&text).map_err(|e| format!("{} is no connection file: {e}", path.display()))?;
        if !connection.key.is_empty() && !matches!(connection.signature_scheme.as_str(), "" | "hmac-sha256") {
            return Err(format!(
                "{}: signature scheme `{}`, expected hmac-sha256",
                path.display(),
                connection.signature_scheme
            ));
        }
        Ok(connection)
    }

    /// The interface to listen on, if it is one of the network.
    pub(super) fn interface(&self) -> Option<&str> {
        (self.transport == "tcp").then_some(if self.ip == "*" { "0.0.0.0" } else { &self.ip })
    }

    /// The address of a port, on the given interface and no other.
    pub(super) fn address(&self, port: u32) -> String {
        let separator = if self.transport == "ipc" { "-" } else { ":" };
        format!("{}://{}{separator}{port}", self.transport, self.ip)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_file_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("c.json");
        std::fs::write(&path, "{\"ip\": \"127.0.0.1\"}").expect("a file");
        let message = Connection::read(&path).expect_err("no ports");
        assert!(message.contains("c.json is no connection file: missing field"), "{message}");
    }

    #[test]
    fn addresses_stay_on_the_given_interface() {
        let text = r#"{"transport":"tcp","ip":"127.0.0.1","key":"k","signature_scheme":"hmac-sha256",
            "shell_port":1,"iopub_port":2,"stdin_port":3,"control_port":4,"hb_port":5}"#;
        let connection: Connection = serde_json::from_str(text).expect("a connection");
        assert_eq!(connection.address(connection.hb_port), "tcp://127.0.0.1:5");
    }
}
