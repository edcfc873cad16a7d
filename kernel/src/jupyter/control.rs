//! The control channel: what must be answered at once, whatever the cells do.

use super::executor::Shared;
use super::info::kernel_info;
use super::wire::Message;
use serde_json::{Value, json};

/// The name of the answer to a request.
pub(super) fn reply_kind(message: &Message) -> String {
    message.kind().replace("_request", "_reply")
}

/// The answer to a request that nobody knows; nothing for what is no request.
pub(super) fn unknown(message: &Message) -> Option<Value> {
    let kind = message.kind();
    let text = format!("this kernel does not know `{kind}`");
    let content = json!({"status": "error", "ename": "UnknownRequest", "evalue": text, "traceback": [text]});
    kind.ends_with("_request").then_some(content)
}

/// Answers a request on the control channel.
pub(super) fn answer(message: &Message, shared: &Shared) -> Option<Value> {
    Some(match message.kind() {
        "kernel_info_request" => kernel_info(),
        "interrupt_request" => {
            shared.interrupt();
            json!({"status": "ok"})
        }
        "shutdown_request" => json!({"status": "ok", "restart": message.content["restart"] == true}),
        "create_subshell_request" => json!({"status": "ok", "subshell_id": shared.subshells.create()}),
        "list_subshell_request" => json!({"status": "ok", "subshell_id": shared.subshells.list()}),
        "delete_subshell_request" => {
            let id = message.content["subshell_id"].as_str().unwrap_or_default();
            if shared.subshells.delete(id) {
                json!({"status": "ok"})
            } else {
                no_subshell(id)
            }
        }
        "debug_request" => no_debugger(&message.content),
        _ => return unknown(message),
    })
}

/// The answer to a message for a subshell that is not there.
pub(super) fn no_subshell(id: &str) -> Value {
    let text = format!("there is no subshell `{id}`");
    json!({"status": "error", "ename": "SubshellError", "evalue": text, "traceback": [text]})
}

/// An answer as the Debug Adapter Protocol has it, and as Jupyter has its errors.
fn no_debugger(request: &Value) -> Value {
    let text = "this kernel has no debugger";
    json!({
        "type": "response", "request_seq": request["seq"], "command": request["command"], "success": false, "message": text,
        "status": "error", "ename": "Unsupported", "evalue": text, "traceback": [text],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: &str, content: Value) -> Message {
        Message {
            identities: Vec::new(),
            header: json!({"msg_type": kind}),
            content,
        }
    }

    #[test]
    fn a_debugger_is_declined_in_its_own_words() {
        let request = message("debug_request", json!({"type": "request", "seq": 4, "command": "attach"}));
        let reply = answer(&request, &Shared::default()).expect("an answer");
        assert_eq!((&reply["success"], &reply["request_seq"]), (&json!(false), &json!(4)));
        assert_eq!(reply["command"], "attach");
        assert_eq!(reply_kind(&request), "debug_reply");
    }

    #[test]
    fn unknown_requests_get_an_error_and_other_messages_nothing() {
        let reply = answer(&message("dance_request", json!({})), &Shared::default()).expect("an answer");
        assert_eq!(
            (&reply["status"], &reply["ename"]),
            (&json!("error"), &json!("UnknownRequest"))
        );
        assert_eq!(answer(&message("comm_msg", json!({})), &Shared::default()), None);
    }

    #[test]
    fn subshells_come_and_go() {
        let shared = Shared::default();
        let ask = |kind: &str, content: Value| answer(&message(kind, content), &shared).expect("an answer");
        let id = ask("create_subshell_request", json!({}))["subshell_id"].clone();
        assert_eq!(ask("list_subshell_request", json!({}))["subshell_id"], json!([id]));
        assert_eq!(ask("delete_subshell_request", json!({"subshell_id": id}))["status"], "ok");
        assert_eq!(ask("delete_subshell_request", json!({"subshell_id": id}))["status"], "error");
        assert_eq!(ask("list_subshell_request", json!({}))["subshell_id"], json!([]));
    }

    #[test]
    fn a_shutdown_says_whether_it_is_a_restart() {
        for restart in [true, false] {
            let request = message("shutdown_request", json!({"restart": restart}));
            assert_eq!(answer(&request, &Shared::default()).expect("an answer")["restart"], restart);
        }
    }
}
