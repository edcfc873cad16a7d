//! What comes in over TCP is looked at before it is believed.
//!
//! The socket library makes room for as many bytes as a frame says it has, before anybody has shown the key: a few bytes
//! from a stranger would end the kernel. So the ports are listened on here, the lengths are read as they pass, and what
//! is sound goes on to the socket through a local one that only this user can reach. A connection that announces more
//! than any client sends is closed.

use crate::engine::lifetime::{private_folder, session_name};
use std::io;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};

/// Bytes of one message, all frames together.
const MESSAGE: u64 = 512 << 20;

/// Frames of one message.
const FRAMES: usize = 4096;

/// ZMTP 3 begins with a greeting of this length.
const GREETING: u64 = 64;

/// A frame's flags: more frames follow; its length has eight bytes.
const MORE: u8 = 1;
const LONG: u8 = 2;

/// A folder for local sockets.
#[derive(Debug)]
pub(super) struct Guard {
    folder: PathBuf,
}

impl Guard {
    /// A folder that only this user can look into.
    ///
    /// # Errors
    /// When it can't be made.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            folder: private_folder(&session_name())?,
        })
    }

    /// The folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The local address behind a port.
    pub(super) fn behind(&self, port: u32) -> String {
        format!("ipc://{}", self.socket(port).display())
    }

    fn socket(&self, port: u32) -> PathBuf {
        self.folder.join(port.to_string())
    }

    /// Listens on a port of this interface and no other, and hands on what is sound.
    ///
    /// # Errors
    /// When the port can't be had.
    pub(super) async fn listen(&self, ip: &str, port: u32) -> io::Result<()> {
        let number = u16::try_from(port).map_err(io::Error::other)?;
        let listener = TcpListener::bind((ip, number)).await?;
        let socket = self.socket(port);
        tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    // Out of descriptors, most likely: others may be given back.
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                    continue;
                };
                let socket = socket.clone();
                tokio::spawn(async move {
                    let _ = between(stream, &socket).await;
                });
            }
        });
        Ok(())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

async fn between(client: TcpStream, socket: &Path) -> io::Result<()> {
    client.set_nodelay(true)?;
    let server = UnixStream::connect(socket).await?;
    let (client_in, mut client_out) = client.into_split();
    let (mut server_in, server_out) = server.into_split();
    // Whichever way ends first ends both.
    tokio::select! {
        result = checked(client_in, server_out) => result,
        result = tokio::io::copy(&mut server_in, &mut client_out) => result.map(|_| ()),
    }
}

async fn checked(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> io::Result<()> {
    let mut frames = Frames::default();
    let mut chunk = vec![0; 64 << 10];
    loop {
        let count = from.read(&mut chunk).await?;
        if count == 0 {
            return Ok(());
        }
        frames.pass(&chunk[..count])?;
        to.write_all(&chunk[..count]).await?;
    }
}

/// Where in the stream of a client we are.
#[derive(Debug)]
struct Frames {
    /// Bytes to come that are only passed on.
    rest: u64,
    /// The head of a frame as far as it has come.
    head: Vec<u8>,
    /// Bytes and frames of the message so far.
    bytes: u64,
    count: usize,
}

impl Default for Frames {
    fn default() -> Self {
        Self {
            rest: GREETING,
            head: Vec::with_capacity(9),
            bytes: 0,
            count: 0,
        }
    }
}

impl Frames {
    /// Looks at what passes; an error if a frame or a message is too large.
    fn pass(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            if self.rest > 0 {
                let now = bytes.len().min(usize::try_from(self.rest).unwrap_or(usize::MAX));
                self.rest -= now as u64;
                bytes = &bytes[now..];
                continue;
            }
            self.head.push(bytes[0]);
            bytes = &bytes[1..];
            let flags = self.head[0];
            let length = match (flags & LONG != 0, &self.head[1..]) {
                (false, [length]) => u64::from(*length),
                (true, [a, b, c, d, e, f, g, h]) => u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]),
                _ => continue,
            };
            self.head.clear();
            self.rest = length;
            self.bytes = self.bytes.saturating_add(length);
            self.count += 1;
            if self.bytes > MESSAGE || self.count > FRAMES {
                return Err(io::Error::other("a message that is larger than any client sends"));
            }
            if flags & MORE == 0 {
                (self.bytes, self.count) = (0, 0);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(frames: &[(u8, &[u8])]) -> Vec<u8> {
        let mut out = vec![b'g'; GREETING as usize];
        for (flags, body) in frames {
            out.push(*flags);
            if flags & LONG == 0 {
                out.push(body.len() as u8);
            } else {
                out.extend((body.len() as u64).to_be_bytes());
            }
            out.extend(*body);
        }
        out
    }

    #[test]
    fn sound_streams_pass_however_they_are_cut() {
        let bytes = stream(&[(4, b"READY"), (MORE, b"id"), (LONG | MORE, &[2; 300]), (0, b"")]);
        for size in [1, 2, 7, 64, 1000] {
            let mut frames = Frames::default();
            for piece in bytes.chunks(size) {
                frames.pass(piece).expect("sound");
            }
            assert_eq!((frames.rest, frames.bytes, frames.count), (0, 0, 0), "cut by {size}");
        }
    }

    #[test]
    fn what_is_too_large_is_seen_before_it_comes() {
        let mut bytes = stream(&[]);
        bytes.push(LONG);
        bytes.extend((1_u64 << 46).to_be_bytes());
        assert!(Frames::default().pass(&bytes).is_err());
        let many: Vec<(u8, &[u8])> = vec![(MORE, b"x"); FRAMES + 1];
        assert!(Frames::default().pass(&stream(&many)).is_err());
        let mut halves = stream(&[]);
        for _ in 0..2 {
            halves.push(LONG | MORE);
            halves.extend((MESSAGE - 10).to_be_bytes());
        }
        let mut frames = Frames::default();
        frames.pass(&halves[..64 + 9]).expect("large, and allowed");
        frames.rest = 0;
        assert!(frames.pass(&halves[64 + 9..]).is_err(), "two of them are not");
    }
}
