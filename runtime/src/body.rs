//! Collects the body of an answer within its limit, and decodes its content coding.

use std::error::Error as StdError;
use std::io::{self, Write as _};

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};

/// A body that is being received.
pub(crate) struct Body {
    coding: Coding,
    /// Bytes received.
    received: usize,
    /// The most bytes of the body, before and after decoding.
    max: usize,
}

enum Coding {
    Identity(Vec<Bytes>),
    Gzip(Box<MultiGzDecoder<Bounded>>),
    /// A fault as soon as there is a body: an answer without one may still name a coding.
    Unknown,
}

/// Why a body cannot be read.
#[derive(Debug)]
pub(crate) enum Fault {
    /// It has a content coding that the client did not ask for.
    UnknownCoding,
    /// It is not what gzip writes.
    BrokenGzip(io::Error),
    /// It has more bytes than the limit.
    TooLarge,
}

impl Fault {
    /// The fault in a few words, and its cause.
    pub(crate) fn into_parts(self) -> (&'static str, Option<Box<dyn StdError + Send + Sync>>) {
        match self {
            Self::UnknownCoding => ("cannot read the answer: its content coding is not gzip", None),
            Self::BrokenGzip(error) => {
                ("cannot read the answer: its body is not valid gzip", Some(error.into()))
            }
            Self::TooLarge => ("cannot read the answer: its body is larger than the limit of 64 MiB", None),
        }
    }
}

impl Body {
    /// # Errors
    /// When the headers name a length beyond `max`.
    pub(crate) fn new(headers: &HeaderMap, max: usize) -> Result<Self, Fault> {
        let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if length.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > max)) {
            return Err(Fault::TooLarge);
        }
        let coding = match is_gzip(headers) {
            Some(true) => {
                let bounded = Bounded { bytes: Vec::new(), max, is_full: false };
                Coding::Gzip(Box::new(MultiGzDecoder::new(bounded)))
            }
            Some(false) => Coding::Identity(Vec::new()),
            None => Coding::Unknown,
        };
        Ok(Self { coding, received: 0, max })
    }

    /// Adds the next bytes.
    ///
    /// # Errors
    /// When the body is beyond the limit, or is not coded as the headers name.
    pub(crate) fn push(&mut self, chunk: Bytes) -> Result<(), Fault> {
        self.received = self.received.saturating_add(chunk.len());
        if self.received > self.max {
            return Err(Fault::TooLarge);
        }
        match &mut self.coding {
            Coding::Unknown if !chunk.is_empty() => return Err(Fault::UnknownCoding),
            Coding::Unknown => {}
            Coding::Identity(chunks) => chunks.push(chunk),
            Coding::Gzip(decoder) => {
                let written = decoder.write_all(&chunk);
                written.map_err(|error| broken(decoder.get_ref(), error))?;
            }
        }
        Ok(())
    }

    /// The whole body.
    ///
    /// # Errors
    /// When it is beyond the limit, no gzip, or ends before the gzip does.
    pub(crate) fn finish(self) -> Result<Bytes, Fault> {
        match self.coding {
            Coding::Identity(mut chunks) => Ok(match chunks.as_mut_slice() {
                // A body that came in one piece is not copied.
                [one] => std::mem::take(one),
                many => Bytes::from(many.concat()),
            }),
            Coding::Unknown => Ok(Bytes::new()),
            Coding::Gzip(_) if self.received == 0 => Ok(Bytes::new()),
            Coding::Gzip(mut decoder) => {
                let finished = decoder.try_finish();
                finished.map_err(|error| broken(decoder.get_ref(), error))?;
                Ok(Bytes::from(std::mem::take(&mut decoder.get_mut().bytes)))
            }
        }
    }
}

fn broken(written: &Bounded, error: io::Error) -> Fault {
    if written.is_full { Fault::TooLarge } else { Fault::BrokenGzip(error) }
}

/// Whether the body is coded with gzip, once (RFC 9110, section 8.4); `None` for other codings.
fn is_gzip(headers: &HeaderMap) -> Option<bool> {
    let mut is_gzip = false;
    for header in headers.get_all(CONTENT_ENCODING) {
        for coding in header.to_str().ok()?.split(',') {
            match coding.trim().to_ascii_lowercase().as_str() {
                "" | "identity" => {}
                "gzip" | "x-gzip" if !is_gzip => is_gzip = true,
                _ => return None,
            }
        }
    }
    Some(is_gzip)
}

/// Takes at most `max` bytes, so that a few bytes of gzip do not fill the memory.
struct Bounded {
    bytes: Vec<u8>,
    max: usize,
    is_full: bool,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > self.max - self.bytes.len() {
            self.is_full = true;
            return Err(io::Error::other("the decoded body is larger than the limit"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
