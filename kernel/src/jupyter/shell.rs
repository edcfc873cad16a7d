//! Requests and their answers.

use super::comms::Comms;
use super::complete::{complete, inspect};
use super::connection::Connection;
use super::control::{self, reply_kind};
use super::executor::{self, Executor, Job, Shared};
use super::guard::Guard;
use super::info::{is_complete, kernel_info};
use super::iopub::{self, Publisher};
use super::stdin;
use super::subshells::{self, Turn};
use super::wire::{Message, Wire};
use serde_json::Value;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Mutex, oneshot};
use zeromq::{RepSocket, RouterRecvHalf, RouterSendHalf, RouterSocket, Socket, SocketRecv, SocketSend, XPubSocket};

/// Serves one kernel until it is told to end. `source` is the workspace, `command` the `cistron` executable.
///
/// # Errors
/// When the connection file can't be read or a port can't be had.
pub fn serve(connection_file: &Path, source: &Path, command: &Path) -> Result<(), Box<dyn Error>> {
    let connection = Connection::read(connection_file)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(kernel(connection, source, command))
}

/// Opens a socket on its port; what comes over the network goes through the guard.
async fn open(socket: &mut impl Socket, connection: &Connection, guard: &Guard, port: u32) -> Result<(), Box<dyn Error>> {
    match connection.interface() {
        Some(interface) => {
            socket.bind(&guard.behind(port)).await?;
            guard.listen(interface, port).await?;
        }
        None => _ = socket.bind(&connection.address(port)).await?,
    }
    Ok(())
}

async fn kernel(connection: Connection, source: &Path, command: &Path) -> Result<(), Box<dyn Error>> {
    let wire = Wire::new(&connection.key);
    let guard = Guard::new()?;
    let mut published = XPubSocket::new();
    open(&mut published, &connection, &guard, connection.iopub_port).await?;
    let publisher = iopub::start(published, wire.clone());
    let mut stdin = RouterSocket::new();
    open(&mut stdin, &connection, &guard, connection.stdin_port).await?;
    let shared = Shared::of_user();
    shared.remove_at_end(guard.folder());
    let (jobs, queue) = mpsc::channel();
    let executor = Executor {
        source: source.into(),
        command: command.into(),
        publisher: publisher.clone(),
        shared: shared.clone(),
        questions: stdin::start(stdin, wire.clone()),
    };
    executor::start(executor, queue)?;
    let mut heartbeat = RepSocket::new();
    open(&mut heartbeat, &connection, &guard, connection.hb_port).await?;
    tokio::spawn(async move {
        while let Ok(beat) = heartbeat.recv().await {
            let _ = heartbeat.send(beat).await;
        }
    });
    let mut socket = RouterSocket::new();
    open(&mut socket, &connection, &guard, connection.control_port).await?;
    let mut shell = RouterSocket::new();
    open(&mut shell, &connection, &guard, connection.shell_port).await?;
    let (send, receive) = shell.split();
    let desk = Desk {
        wire: wire.clone(),
        publisher: publisher.clone(),
        shared: shared.clone(),
        jobs,
        send: Arc::new(Mutex::new(send)),
        comms: Comms::default(),
    };
    tokio::spawn(desk.serve(receive));
    tokio::spawn(end_with_parent(shared.clone()));
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut ends = signal(SignalKind::terminate())?;
    loop {
        tokio::select! {
            message = socket.recv() => {
                let Some(message) = message.ok().and_then(|m| wire.read(m)) else { continue };
                publisher.status(&message, "busy").await;
                let content = control::answer(&message, &shared);
                if let Some(reply) = content.as_ref().and_then(|c| wire.reply(&reply_kind(&message), &message, c)) {
                    let _ = socket.send(reply).await;
                }
                if let ("shutdown_request", Some(content)) = (message.kind(), content) {
                    publisher.send("shutdown_reply", &message, content).await;
                    publisher.status(&message, "idle").await;
                    break;
                }
                publisher.status(&message, "idle").await;
            }
            _ = interrupts.recv() => shared.interrupt(),
            _ = ends.recv() => break,
        }
    }
    // What has been published still has to leave the sockets.
    tokio::time::sleep(Duration::from_millis(100)).await;
    shared.clean_up();
    std::process::exit(0)
}

/// Ends the kernel when the Jupyter that started it has ended without telling it to, as ipykernel does.
async fn end_with_parent(shared: Shared) {
    if std::env::var_os("JPY_PARENT_PID").is_none() {
        return;
    }
    let parent = std::os::unix::process::parent_id();
    while std::os::unix::process::parent_id() == parent {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    shared.clean_up();
    std::process::exit(1)
}

/// The shell channel. Cells go to their thread; everything else is answered at once.
#[derive(Clone)]
struct Desk {
    wire: Wire,
    publisher: Publisher,
    shared: Shared,
    jobs: mpsc::Sender<Job>,
    send: Arc<Mutex<RouterSendHalf>>,
    comms: Comms,
}

impl Desk {
    async fn serve(self, mut receive: RouterRecvHalf) {
        loop {
            let Ok(message) = receive.recv().await else {
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            };
            let Some(message) = self.wire.read(message) else { continue };
            if let Some(id) = message.subshell()
                && (message.kind() == "execute_request" || !self.shared.subshells.has(id))
            {
                let turn = self.shared.subshells.turn(id);
                tokio::spawn(self.clone().in_subshell(message, turn));
                continue;
            }
            if message.kind() == "execute_request" {
                let (sender, receiver) = oneshot::channel();
                let _ = self.jobs.send((message.clone(), sender));
                let desk = self.clone();
                tokio::spawn(async move {
                    if let Ok(content) = receiver.await {
                        desk.reply(&message, &content).await;
                    }
                });
                continue;
            }
            if matches!(message.kind(), "complete_request" | "inspect_request") {
                tokio::spawn(self.clone().assist(message));
                continue;
            }
            self.publisher.status(&message, "busy").await;
            if let Some(content) = self.comms.take(&message) {
                self.publisher.send("comm_close", &message, content).await;
            }
            if let Some(content) = self.answer(&message) {
                self.reply(&message, &content).await;
            }
            self.publisher.status(&message, "idle").await;
        }
    }

    fn answer(&self, message: &Message) -> Option<Value> {
        Some(match message.kind() {
            "kernel_info_request" => kernel_info(),
            "is_complete_request" => is_complete(message.content["code"].as_str().unwrap_or_default()),
            "history_request" => self.shared.history(&message.content),
            "comm_info_request" => self.comms.info(&message.content),
            _ => return control::unknown(message),
        })
    }

    /// Runs a request in a subshell, while cells run and without keeping others waiting: `:runs` reads many files. Without
    /// a turn there is no such subshell.
    async fn in_subshell(self, message: Message, turn: Option<Turn>) {
        let Some(mut turn) = turn else {
            self.publisher.status(&message, "busy").await;
            if message.kind().ends_with("_request") {
                let id = message.subshell().unwrap_or_default();
                self.reply(&message, &control::no_subshell(id)).await;
            }
            return self.publisher.status(&message, "idle").await;
        };
        turn.begin().await;
        self.publisher.status(&message, "busy").await;
        let (aside, request) = (self.shared.aside(), message.clone());
        let shown = tokio::task::spawn_blocking(move || subshells::execute(&aside, &request)).await;
        let shown = shown.unwrap_or_else(|_| subshells::failed());
        for (kind, content) in shown.published {
            self.publisher.send(kind, &message, content).await;
        }
        self.reply(&message, &shown.reply).await;
        self.publisher.status(&message, "idle").await;
    }

    /// Answers what may take a moment, without keeping others waiting.
    async fn assist(self, message: Message) {
        self.publisher.status(&message, "busy").await;
        let (shared, content) = (self.shared.clone(), message.content.clone());
        let ask = if message.kind() == "complete_request" {
            complete
        } else {
            inspect
        };
        if let Ok(content) = tokio::task::spawn_blocking(move || ask(&shared, &content)).await {
            self.reply(&message, &content).await;
        }
        self.publisher.status(&message, "idle").await;
    }

    async fn reply(&self, message: &Message, content: &Value) {
        if let Some(reply) = self.wire.reply(&reply_kind(message), message, content) {
            let _ = self.send.lock().await.send(reply).await;
        }
    }
}
