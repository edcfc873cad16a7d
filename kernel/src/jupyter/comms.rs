//! Comms: channels that a front end opens to something in the kernel.
//!
//! The only target here is Quarto's, over which it says how it renders a document. Every other comm is closed at once,
//! which is how a kernel says that it does not know a target.

use super::wire::Message;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Targets that are taken.
const TARGETS: &[&str] = &["quarto_kernel_setup"];

/// The comms that are open: their targets.
#[derive(Clone, Debug, Default)]
pub(super) struct Comms(Arc<Mutex<BTreeMap<String, String>>>);

impl Comms {
    /// Takes in `comm_open` and `comm_close`. Answers the content of a `comm_close` for what is not known.
    pub(super) fn take(&self, message: &Message) -> Option<Value> {
        let text = |name: &str| message.content[name].as_str().unwrap_or_default().to_string();
        let (id, target) = (text("comm_id"), text("target_name"));
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match message.kind() {
            "comm_open" if TARGETS.contains(&target.as_str()) => {
                open.insert(id, target);
                None
            }
            "comm_open" => Some(json!({"comm_id": id, "data": {}})),
            "comm_close" => {
                open.remove(&id);
                None
            }
            _ => None,
        }
    }

    /// The answer to `comm_info_request`: all that are open, or those of one target.
    pub(super) fn info(&self, request: &Value) -> Value {
        let wanted = request["target_name"].as_str().filter(|name| !name.is_empty());
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let listed = open
            .iter()
            .filter(|(_, target)| wanted.is_none_or(|wanted| wanted == *target));
        let comms: Map<String, Value> = listed
            .map(|(id, target)| (id.clone(), json!({"target_name": target})))
            .collect();
        json!({"status": "ok", "comms": comms})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_targets_stay_open_until_they_are_closed() {
        let comms = Comms::default();
        let take = |kind: &str, content: Value| {
            comms.take(&Message {
                identities: Vec::new(),
                header: json!({"msg_type": kind}),
                content,
            })
        };
        assert_eq!(
            take("comm_open", json!({"comm_id": "a", "target_name": "quarto_kernel_setup"})),
            None
        );
        let closed = take("comm_open", json!({"comm_id": "b", "target_name": "jupyter.widget"}));
        assert_eq!(closed, Some(json!({"comm_id": "b", "data": {}})));
        assert_eq!(
            comms.info(&json!({}))["comms"],
            json!({"a": {"target_name": "quarto_kernel_setup"}})
        );
        assert_eq!(comms.info(&json!({"target_name": "other"}))["comms"], json!({}));
        assert_eq!(take("comm_close", json!({"comm_id": "a"})), None);
        assert_eq!(comms.info(&json!({}))["comms"], json!({}));
    }
}
