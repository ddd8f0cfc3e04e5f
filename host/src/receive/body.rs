//! Reads the body of a delivery whole, however it was framed, and no further than a limit.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, EXPECT};
use http_body_util::BodyExt as _;
use tokio::time::timeout;

/// What is read of a body that nobody wants, so that its sender comes to read the answer.
const LINGER_BYTES: usize = 4 * 1024 * 1024;
const LINGER_TIME: Duration = Duration::from_secs(2);

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It has more bytes than the limit.
    TooLarge,
    /// It broke off, or is not framed as HTTP says.
    Broken,
}

/// The length that the sender announced.
pub(super) fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The whole body. One that came in one piece is not copied.
pub(super) async fn read(body: &mut Body, limit: usize) -> Result<Bytes, Unread> {
    let (mut first, mut rest) = (Bytes::new(), BytesMut::new());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Unread::Broken)?;
        // Trailers are no part of what is signed.
        let Ok(data) = frame.into_data() else { continue };
        if data.len() > limit - first.len() - rest.len() {
            return Err(Unread::TooLarge);
        }
        match first.is_empty() && rest.is_empty() {
            true => first = data,
            false => {
                if rest.is_empty() {
                    rest.extend_from_slice(&std::mem::take(&mut first));
                }
                rest.extend_from_slice(&data);
            }
        }
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

/// Reads on for a while, after the answer, what is left of a body: a connection that is closed on data that nobody has
/// read is reset, and the sender never sees the answer. One who waits for leave to send is given none.
pub(super) fn linger(mut body: Body, headers: &HeaderMap) {
    if http_body::Body::is_end_stream(&body) || headers.contains_key(EXPECT) {
        return;
    }
    let discard = async move {
        let mut left = LINGER_BYTES;
        while let Some(Ok(frame)) = body.frame().await {
            let Some(rest) = left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) else { return };
            left = rest;
        }
    };
    drop(tokio::spawn(timeout(LINGER_TIME, discard)));
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use http_body::Frame;

    use super::*;

    /// A body in pieces; an error where a piece is missing.
    struct Pieces(Vec<Option<&'static str>>);

    impl http_body::Body for Pieces {
        type Data = Bytes;
        type Error = std::io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            if self.0.is_empty() {
                return Poll::Ready(None);
            }
            Poll::Ready(Some(match self.0.remove(0) {
                Some(piece) => Ok(Frame::data(Bytes::from_static(piece.as_bytes()))),
                None => Err(std::io::Error::other("gone")),
            }))
        }
    }

    async fn read_of(pieces: &[Option<&'static str>]) -> Result<Bytes, Unread> {
        read(&mut Body::new(Pieces(pieces.to_vec())), 5).await
    }

    #[tokio::test]
    async fn pieces_make_one_body_up_to_the_limit() {
        assert_eq!(read_of(&[]).await, Ok(Bytes::new()));
        assert_eq!(read_of(&[Some("abc")]).await, Ok(Bytes::from_static(b"abc")));
        assert_eq!(
            read_of(&[Some("a"), Some(""), Some("bc"), Some("de")]).await,
            Ok(Bytes::from_static(b"abcde"))
        );
        assert_eq!(read_of(&[Some("abc"), Some("def")]).await, Err(Unread::TooLarge));
        assert_eq!(read_of(&[Some("abcdef")]).await, Err(Unread::TooLarge));
        assert_eq!(read_of(&[Some("abc"), None]).await, Err(Unread::Broken));
    }
}
