//! Messages on the wire, signed.

use super::seen::Seen;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::{Arc, Mutex, PoisonError};
use zeromq::ZmqMessage;

const DELIMITER: &[u8] = b"<IDS|MSG>";

/// The version of the protocol that we speak.
pub(super) const PROTOCOL: &str = "5.4";

/// A message.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Message {
    pub(super) identities: Vec<Bytes>,
    pub(super) header: Value,
    pub(super) content: Value,
}

impl Message {
    pub(super) fn kind(&self) -> &str {
        self.header["msg_type"].as_str().unwrap_or_default()
    }

    /// The subshell that it is for; none for the main shell.
    pub(super) fn subshell(&self) -> Option<&str> {
        self.header["subshell_id"].as_str()
    }
}

/// Signs what goes out and checks what comes in.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    key: Vec<u8>,
    pub(super) session: String,
    seen: Arc<Mutex<Seen>>,
}

impl Wire {
    pub(super) fn new(key: &str) -> Self {
        Self {
            key: key.as_bytes().to_vec(),
            session: uuid::Uuid::new_v4().to_string(),
            seen: Arc::default(),
        }
    }

    fn mac(&self, parts: &[impl AsRef<[u8]>]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        parts.iter().for_each(|part| mac.update(part.as_ref()));
        Some(mac)
    }

    /// Reads a message; none if it is incomplete, not signed with our key, has come before, or is no JSON.
    pub(super) fn read(&self, message: ZmqMessage) -> Option<Message> {
        let parts = message.into_vec();
        let at = parts.iter().position(|part| &part[..] == DELIMITER)?;
        let [signature, header, parent, metadata, content] = parts.get(at + 1..at + 6)? else {
            return None;
        };
        if !self.key.is_empty() {
            let given = unhex(signature)?;
            // `verify_slice` takes the same time wherever the first difference is.
            self.mac(&[header, parent, metadata, content])?.verify_slice(&given).ok()?;
            if !self.seen.lock().unwrap_or_else(PoisonError::into_inner).is_new(given) {
                return None;
            }
        }
        let json = |part: &Bytes| serde_json::from_slice(part).ok();
        Some(Message {
            identities: parts[..at].to_vec(),
            header: json(header)?,
            content: json(content)?,
        })
    }

    /// An answer on the socket that the request came from.
    pub(super) fn reply(&self, kind: &str, request: &Message, content: &Value) -> Option<ZmqMessage> {
        self.make(kind, Some(request), content, request.identities.clone())
    }

    /// A message for everybody who listens.
    pub(super) fn publish(&self, kind: &str, parent: Option<&Message>, content: &Value, topic: String) -> Option<ZmqMessage> {
        self.make(kind, parent, content, vec![topic.into_bytes().into()])
    }

    fn make(&self, kind: &str, parent: Option<&Message>, content: &Value, mut frames: Vec<Bytes>) -> Option<ZmqMessage> {
        let header = json!({
            "msg_id": uuid::Uuid::new_v4().to_string(), "session": self.session, "username": "kernel",
            "date": crate::notebook::now(), "msg_type": kind, "version": PROTOCOL,
        });
        let empty = json!({});
        let parts = [&header, parent.map_or(&empty, |p| &p.header), &empty, content].map(Value::to_string);
        let signature = if self.key.is_empty() {
            String::new()
        } else {
            hex(&self.mac(&parts)?.finalize().into_bytes())
        };
        frames.push(Bytes::from_static(DELIMITER));
        frames.push(signature.into());
        frames.extend(parts.into_iter().map(Bytes::from));
        ZmqMessage::try_from(frames).ok()
    }
}

/// Whether these frames are a message that is signed with this key, for tests that throw damaged ones at it.
pub fn accepts(key: &str, frames: Vec<Vec<u8>>) -> bool {
    let frames: Vec<Bytes> = frames.into_iter().map(Bytes::from).collect();
    ZmqMessage::try_from(frames).is_ok_and(|message| Wire::new(key).read(message).is_some())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok().filter(|t| t.is_ascii() && t.len() % 2 == 0)?;
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&text[i..i + 2], 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(message: ZmqMessage) -> Vec<Bytes> {
        message.into_vec()
    }

    #[test]
    fn a_signed_message_is_read_and_a_changed_one_is_not() {
        let wire = Wire::new("secret");
        let made = wire
            .publish("status", None, &json!({"execution_state": "busy"}), "t".into())
            .expect("a message");
        assert_eq!(wire.read(made.clone()).expect("ours").kind(), "status");
        let mut parts = frames(made.clone());
        let last = parts.len() - 1;
        parts[last] = Bytes::from_static(b"{\"execution_state\": \"idle\"}");
        assert_eq!(wire.read(ZmqMessage::try_from(parts).expect("frames")), None);
        assert_eq!(Wire::new("other").read(made), None);
    }

    #[test]
    fn a_message_that_came_before_is_refused() {
        let wire = Wire::new("secret");
        let made = wire.publish("status", None, &json!({}), "t".into()).expect("a message");
        assert!(wire.clone().read(made.clone()).is_some());
        assert_eq!(wire.read(made), None, "another channel of the same kernel has seen it");
    }

    #[test]
    fn the_signature_is_hmac_sha256() {
        let wire = Wire::new("key");
        let mac = wire.mac(&["The quick brown fox ", "jumps over the lazy dog"]).expect("a key");
        assert_eq!(
            hex(&mac.finalize().into_bytes()),
            "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
        );
    }

    #[test]
    fn broken_frames_are_refused() {
        let wire = Wire::new("");
        for parts in [
            vec!["a"],
            vec!["<IDS|MSG>", "", "{}"],
            vec!["<IDS|MSG>", "", "{", "{}", "{}", "{}"],
        ] {
            let parts: Vec<Bytes> = parts.into_iter().map(Bytes::from).collect();
            assert_eq!(wire.read(ZmqMessage::try_from(parts).expect("frames")), None);
        }
    }
}
