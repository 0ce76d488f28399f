//! Closes HTTP/2 connections that send control frames without end. Neither hyper nor h2 stops a flood of SETTINGS, PING or
//! empty DATA, each of which costs the server an answer or a wake-up; a client that works sends a few.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What an HTTP/2 connection begins with (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Length (3), type (1), flags (1), stream (4).
const HEADER: usize = 9;

const DATA: u8 = 0;
const PRIORITY: u8 = 2;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const CONTINUATION: u8 = 9;

/// END_STREAM of DATA.
const END_STREAM: u8 = 1;

/// Follows the frames that a client sends and counts those that only cost.
#[derive(Debug)]
pub struct FrameCount {
    state: State,
    most: u32,
    count: u32,
    since: Instant,
}

#[derive(Debug)]
enum State {
    /// So many bytes of the preface have come.
    Preface(usize),
    /// The next frame's header so far, or how much of a frame's content is left.
    Frames { header: Vec<u8>, left: usize },
    /// HTTP/1 has no frames.
    Other,
}

/// A stream whose client is counted.
pub struct Counted<S> {
    inner: S,
    frames: FrameCount,
}

// === impl FrameCount ===

impl FrameCount {
    /// Lets `most` control frames pass in a second.
    pub fn new(most: u32) -> Self {
        Self {
            state: State::Preface(0),
            most,
            count: 0,
            since: Instant::now(),
        }
    }

    /// Follows what has come. False once there were too many in one second.
    pub fn follow(&mut self, mut bytes: &[u8], now: Instant) -> bool {
        while !bytes.is_empty() {
            let taken = match &mut self.state {
                State::Other => return true,
                State::Preface(matched) => {
                    let wanted = &PREFACE[*matched..];
                    let step = wanted.len().min(bytes.len());
                    *matched += step;
                    if wanted[..step] != bytes[..step] {
                        self.state = State::Other;
                    } else if *matched == PREFACE.len() {
                        self.state = State::Frames {
                            header: Vec::with_capacity(HEADER),
                            left: 0,
                        };
                    }
                    step
                }
                State::Frames { left, .. } if *left > 0 => {
                    let step = (*left).min(bytes.len());
                    *left -= step;
                    step
                }
                State::Frames { header, left } => {
                    let step = (HEADER - header.len()).min(bytes.len());
                    header.extend_from_slice(&bytes[..step]);
                    if let [high, middle, low, kind, flags, ..] = header[..]
                        && header.len() == HEADER
                    {
                        *left = u32::from_be_bytes([0, high, middle, low]) as usize;
                        let only_costs = match kind {
                            PRIORITY | SETTINGS | PING => true,
                            DATA => *left == 0 && flags & END_STREAM == 0,
                            other => other >= CONTINUATION,
                        };
                        header.clear();
                        if only_costs && !self.count(now) {
                            return false;
                        }
                    }
                    step
                }
            };
            bytes = &bytes[taken..];
        }
        true
    }

    fn count(&mut self, now: Instant) -> bool {
        if now.duration_since(self.since) >= Duration::from_secs(1) {
            self.since = now;
            self.count = 0;
        }
        self.count += 1;
        self.count <= self.most
    }
}

// === impl Counted ===

impl<S> Counted<S> {
    /// Counts what comes in on `inner`.
    pub fn new(inner: S, most: u32) -> Self {
        Self {
            inner,
            frames: FrameCount::new(most),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        let fresh = &buffer.filled()[before..];
        if self.frames.follow(fresh, Instant::now()) {
            return Poll::Ready(Ok(()));
        }
        tracing::warn!("a connection was closed: it flooded control frames");
        Poll::Ready(Err(io::Error::other("too many control frames")))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, 1], content].concat()
    }

    fn passes(frames: &[Vec<u8>], size: usize) -> bool {
        let mut count = FrameCount::new(10);
        let now = Instant::now();
        let bytes = [PREFACE, &frames.concat()].concat();
        bytes.chunks(size).all(|chunk| count.follow(chunk, now))
    }

    #[test]
    fn a_flood_of_control_frames_is_seen_however_it_is_cut() {
        let ping = || frame(PING, 0, &[0; 8]);
        for size in [1, 7, 9, 17, 1000] {
            assert!(passes(&vec![ping(); 10], size));
            assert!(!passes(&vec![ping(); 11], size));
            assert!(!passes(&vec![frame(SETTINGS, 0, &[]); 11], size));
            assert!(!passes(&vec![frame(DATA, 0, &[]); 11], size));
        }
    }

    #[test]
    fn work_is_not_counted_and_a_new_second_starts_anew() {
        // Content that looks like frames is content.
        let data = frame(DATA, 0, &frame(PING, 0, &[0; 8]).repeat(50));
        assert!(passes(&vec![data; 50], 13));
        assert!(passes(&vec![frame(DATA, END_STREAM, &[]); 50], 13));
        let mut count = FrameCount::new(1);
        let now = Instant::now();
        let ping = frame(PING, 0, &[0; 8]);
        assert!(count.follow(&[PREFACE, &ping].concat(), now));
        assert!(count.follow(&ping, now + Duration::from_secs(1)));
        assert!(!count.follow(&ping, now + Duration::from_secs(1)));
    }

    #[test]
    fn http_1_has_no_frames() {
        let mut count = FrameCount::new(0);
        let text = b"POST /v1/session:signIn HTTP/1.1\r\n".repeat(100);
        assert!(count.follow(&text, Instant::now()));
    }
}
