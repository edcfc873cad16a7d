//! `.await` in a cell, outside of async code: the cell waits here.

use super::interrupt::tick;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

/// How long a future may leave an interrupt unheard.
const LOOK: Duration = Duration::from_millis(50);

struct Wakes(Thread);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Drives a future to its end on this thread; an interrupt ends the cell. Futures that need a runtime of their own (timers
/// and sockets of tokio) are run by that runtime.
///
/// # Example
/// ```text
/// assert_eq!(cistron::rt::block_on(async { 3 }), 3);
/// ```
pub fn block_on<F: IntoFuture>(future: F) -> F::Output {
    let mut future = pin!(future.into_future());
    let waker = waker();
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        wait();
    }
}

#[inline(never)]
fn waker() -> Waker {
    Arc::new(Wakes(std::thread::current())).into()
}

#[inline(never)]
fn wait() {
    std::thread::park_timeout(LOOK);
    tick();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_future_that_another_thread_wakes_comes_to_its_end() {
        struct Later(Option<std::thread::JoinHandle<()>>);
        impl Future for Later {
            type Output = u8;
            fn poll(mut self: std::pin::Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u8> {
                match &self.0 {
                    None => {
                        let waker = context.waker().clone();
                        self.0 = Some(std::thread::spawn(move || waker.wake()));
                        Poll::Pending
                    }
                    Some(_) => Poll::Ready(7),
                }
            }
        }
        assert_eq!(block_on(async { Later(None).await + 1 }), 8);
    }
}
