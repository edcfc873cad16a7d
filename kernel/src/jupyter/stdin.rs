//! The channel on which the kernel asks and the front end answers.

use super::wire::{Message, Wire};
use crate::engine::{Answer, Question};
use serde_json::json;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use zeromq::{RouterSocket, SocketRecv, SocketSend};

/// How often a question that waits looks for an interrupt.
const LOOK: Duration = Duration::from_millis(50);

/// Asks front ends; clones go to the same socket.
#[derive(Clone, Debug)]
pub(super) struct Desk {
    questions: mpsc::UnboundedSender<(Message, Question)>,
    replies: Arc<Mutex<Receiver<Reply>>>,
}

#[derive(Debug)]
enum Reply {
    Text(String),
    NotSent(String),
}

impl Desk {
    /// Asks the front end that sent `parent` and waits, until `interrupted` says that the user wants no more.
    pub(super) fn ask(&self, parent: &Message, question: &Question, interrupted: impl Fn() -> bool) -> Answer {
        let replies = self.replies.lock().unwrap_or_else(PoisonError::into_inner);
        // An answer to an earlier question, which was interrupted, answers nothing now.
        while replies.try_recv().is_ok() {}
        if self.questions.send((parent.clone(), question.clone())).is_err() {
            return Answer::Refused("the kernel is about to end".into());
        }
        loop {
            match replies.recv_timeout(LOOK) {
                Ok(Reply::Text(text)) => return Answer::Text(text),
                Ok(Reply::NotSent(why)) => return Answer::Refused(format!("the front end can't be asked: {why}")),
                Err(RecvTimeoutError::Disconnected) => return Answer::Refused("the kernel is about to end".into()),
                Err(RecvTimeoutError::Timeout) if interrupted() => return Answer::Interrupted,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

/// Serves the socket in tasks of its own.
pub(super) fn start(socket: RouterSocket, wire: Wire) -> Desk {
    let (questions, mut waiting) = mpsc::unbounded_channel::<(Message, Question)>();
    let (answered, replies) = channel();
    let (mut send, mut receive) = socket.split();
    let (sending, failed) = (wire.clone(), answered.clone());
    tokio::spawn(async move {
        while let Some((parent, question)) = waiting.recv().await {
            let content = json!({"prompt": question.prompt, "password": question.password});
            let Some(message) = sending.reply("input_request", &parent, &content) else {
                continue;
            };
            if let Err(error) = send.send(message).await {
                let _ = failed.send(Reply::NotSent(error.to_string()));
            }
        }
    });
    tokio::spawn(async move {
        loop {
            let Ok(message) = receive.recv().await else {
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            };
            let Some(message) = wire.read(message) else { continue };
            if message.kind() == "input_reply" {
                let text = message.content["value"].as_str().unwrap_or_default();
                let _ = answered.send(Reply::Text(text.trim_end_matches(['\r', '\n']).into()));
            }
        }
    });
    Desk {
        questions,
        replies: Arc::new(Mutex::new(replies)),
    }
}
