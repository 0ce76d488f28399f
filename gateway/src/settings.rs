//! What an operator may set. Every value has a default; the executable's `junheng.default.toml` shows them all.

use serde::Deserialize;

/// The gateway's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// What callers may take of the gateway.
    pub limits: Limits,
    /// How people sign in and stay signed in.
    pub sessions: Sessions,
    /// The origins whose pages may call from a browser, for example `https://desk.example.org`. Empty: none.
    pub cors_origins: Vec<String>,
}

/// The limits, all in one table: every bound on what one caller, connection or message may take.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Connections open at once; one more is closed at once.
    pub connections: usize,
    /// Seconds from connecting until the first request has arrived.
    pub handshake_seconds: u64,
    /// Seconds for the header of an HTTP/1 request.
    pub header_seconds: u64,
    /// Bytes of a request's header.
    pub header_bytes: u32,
    /// HTTP/2 streams open at once on a connection.
    pub concurrent_streams: u32,
    /// Streams that a client may open and reset before they are taken, per connection.
    pub pending_resets: usize,
    /// HTTP/2 frames without use (SETTINGS, PING, PRIORITY, empty DATA) a second on a connection.
    pub control_frames_per_second: u32,
    /// Seconds between the pings by which a dead HTTP/2 connection is found.
    pub keep_alive_seconds: u64,
    /// Seconds to answer such a ping.
    pub keep_alive_timeout_seconds: u64,
    /// Seconds from a request's header until its first message has arrived.
    pub first_message_seconds: u64,
    /// Seconds that a request's body may stand still.
    pub body_idle_seconds: u64,
    /// Bytes of one message.
    pub message_bytes: usize,
    /// Calls a minute of one account.
    pub calls_per_minute: u32,
    /// Streams of answers open at once of one account, a change feed for example; of everybody without a session together.
    pub streams_per_account: u32,
    /// Calls a minute without a session from one address.
    pub anonymous_calls_per_minute: u32,
    /// Seconds that calls under way have to finish when the gateway drains.
    pub drain_seconds: u64,
}

/// How people sign in and stay signed in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sessions {
    /// Minutes that an access token holds.
    pub token_minutes: u32,
    /// Hours after which a session ends however often it was refreshed.
    pub session_hours: u32,
    /// Failed attempts in a row after which a name is locked.
    pub failures: u32,
    /// Minutes that it stays locked.
    pub lock_minutes: u32,
}

// === impl Limits ===

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 2_000,
            handshake_seconds: 10,
            header_seconds: 10,
            header_bytes: 16 * 1024,
            concurrent_streams: 200,
            pending_resets: 20,
            control_frames_per_second: 2_000,
            keep_alive_seconds: 30,
            keep_alive_timeout_seconds: 20,
            first_message_seconds: 15,
            body_idle_seconds: 60,
            message_bytes: 4 * 1024 * 1024,
            calls_per_minute: 1_200,
            streams_per_account: 20,
            anonymous_calls_per_minute: 600,
            drain_seconds: 20,
        }
    }
}

// === impl Sessions ===

impl Default for Sessions {
    fn default() -> Self {
        Self {
            token_minutes: 15,
            session_hours: 8,
            failures: 5,
            lock_minutes: 15,
        }
    }
}
