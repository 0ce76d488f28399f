//! Clients that send faster than anybody reads.

use std::convert::Infallible;
use std::net::SocketAddr;

use http::{Request, Response};
use junheng_kernel::service::STREAM_WINDOW;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tower::service_fn;

use crate::{Settings, listen};

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), content].concat()
}

/// The next frame that comes: its kind and its content.
async fn next(reader: &mut (impl AsyncRead + Unpin)) -> std::io::Result<(u8, Vec<u8>)> {
    let mut header = [0; 9];
    reader.read_exact(&mut header).await?;
    let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
    let mut content = vec![0; length as usize];
    reader.read_exact(&mut content).await?;
    Ok((header[3], content))
}

/// A client that opens streams and sends on each as much as the gateway lets it ahead, in frames of some size. Whether the gateway
/// answers the ping behind them; it says goodbye otherwise.
async fn runs_ahead(address: SocketAddr, streams: u32, size: usize) -> bool {
    const DATA: u8 = 0;
    const HEADERS: u8 = 1;
    const SETTINGS: u8 = 4;
    const PING: u8 = 6;
    const GOAWAY: u8 = 7;
    const WINDOW_UPDATE: u8 = 8;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let path = b"/junheng.registration.v1.SchoolService/ImportSchools";
    let mut head = vec![0x83, 0x86, 0x04, u8::try_from(path.len()).unwrap()];
    head.extend(path);
    // :authority, then content-type: application/grpc and te: trailers, which stand in no table.
    head.extend(*b"\x01\x04test\x00\x0ccontent-type\x10application/grpc\x00\x02te\x08trailers");
    let mut begin = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    begin.extend(frame(SETTINGS, 0, 0, &[]));
    writer.write_all(&begin).await.unwrap();
    // Not before the gateway has said how much it lets a connection ahead.
    while next(&mut reader).await.unwrap().0 != WINDOW_UPDATE {}
    let mut sent = frame(SETTINGS, 1, 0, &[]);
    for number in 0..streams {
        let stream = 2 * number + 1;
        sent.extend(frame(HEADERS, 4, stream, &head));
        let frames = STREAM_WINDOW as usize / size;
        for _ in 0..frames {
            sent.extend(frame(DATA, 0, stream, &vec![0; size]));
        }
    }
    sent.extend(frame(PING, 0, 0, b"are here"));
    let write = async {
        // Whoever is cut off cannot send the rest.
        let _cut = writer.write_all(&sent).await;
        std::future::pending::<()>().await
    };
    let read = async {
        loop {
            match next(&mut reader).await {
                Err(_) | Ok((GOAWAY, _)) => return false,
                Ok((PING, content)) if content == b"are here" => return true,
                Ok(_) => {}
            }
        }
    };
    tokio::select! {
        answered = read => answered,
        () = write => false,
    }
}

#[tokio::test]
async fn a_client_that_streams_small_frames_is_not_taken_for_a_flood_and_a_flood_is() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // Reads nothing of what is sent, as a handler that waits for its database.
    let waits = service_fn(|request: Request<Body>| async move {
        let _unread = request;
        std::future::pending::<Result<Response<Body>, Infallible>>().await
    });
    let served = tokio::spawn(async move {
        let stop = CancellationToken::new();
        listen::serve(listener, waits, &Settings::default().limits, &stop).await;
    });
    assert!(runs_ahead(address, 1, 16).await);
    assert!(runs_ahead(address, 8, 128).await);
    assert!(!runs_ahead(address, 1, 2).await);
    served.abort();
}
