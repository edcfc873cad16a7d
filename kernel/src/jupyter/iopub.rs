//! What everybody who listens gets to see.

use super::wire::{Message, Wire};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use zeromq::{SocketRecv, SocketSend, XPubSocket};

/// Messages that wait before those who make more have to wait: a cell that prints without end must not
/// fill the memory.
const WAITING: usize = 256;

/// A message for everybody: its kind, what it belongs to, its content.
pub(super) type Published = (&'static str, Message, Value);

/// Publishes; clones go to the same socket, in order.
#[derive(Clone, Debug)]
pub(super) struct Publisher(mpsc::Sender<Published>);

impl Publisher {
    /// Publishes from a task.
    pub(super) async fn send(&self, kind: &'static str, parent: &Message, content: Value) {
        let _ = self.0.send((kind, parent.clone(), content)).await;
    }

    /// Publishes from a thread; waits while too much waits already.
    pub(super) fn send_blocking(&self, kind: &'static str, parent: &Message, content: Value) {
        let _ = self.0.blocking_send((kind, parent.clone(), content));
    }

    /// Says whether the kernel is busy.
    pub(super) async fn status(&self, parent: &Message, state: &str) {
        self.send("status", parent, json!({"execution_state": state})).await;
    }
}

/// Serves the socket in a task of its own.
pub(super) fn start(mut socket: XPubSocket, wire: Wire) -> Publisher {
    let (sender, mut receiver) = mpsc::channel::<Published>(WAITING);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                published = receiver.recv() => {
                    let Some((kind, parent, content)) = published else { break };
                    let topic = format!("kernel.{}.{kind}", wire.session);
                    if let Some(message) = wire.publish(kind, Some(&parent), &content, topic) {
                        let _ = socket.send(message).await;
                    }
                }
                subscription = socket.recv() => {
                    // The first byte says whether a topic was subscribed or left.
                    let Ok(subscription) = subscription else { continue };
                    let Some(topic) = subscription.get(0).and_then(|frame| frame.strip_prefix(&[1])) else { continue };
                    let topic = String::from_utf8_lossy(topic).into_owned();
                    let content = json!({"subscription": topic});
                    if let Some(message) = wire.publish("iopub_welcome", None, &content, topic) {
                        let _ = socket.send(message).await;
                    }
                }
            }
        }
    });
    Publisher(sender)
}
