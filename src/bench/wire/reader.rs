//! Reads frames. A frame's bytes stay in the buffer until the next one is asked for.

use std::io;
use std::ops::Range;

use tokio::io::{AsyncRead, AsyncReadExt};

/// The buffer of a connection, unless a longer frame is being read.
const BUFFER_BYTES: usize = 8 * 1024;
/// The longest frame.
const MAX_BYTES: usize = 1 << 20;

/// A frame's place in the reader's buffer.
pub(in crate::bench) enum Frame {
    Text(Range<usize>),
    Ping(Range<usize>),
    Pong,
    Close,
}

pub(in crate::bench) struct FrameReader<R> {
    io: R,
    buffer: Vec<u8>,
    /// What was read and not taken.
    unread: Range<usize>,
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    /// `begun` is what was read behind the handshake.
    pub(in crate::bench) fn new(io: R, begun: &[u8]) -> Self {
        let mut buffer = vec![0; BUFFER_BYTES.max(begun.len())];
        buffer[..begun.len()].copy_from_slice(begun);
        Self { io, buffer, unread: 0..begun.len() }
    }

    /// The connection, to write to.
    pub(in crate::bench) fn io(&mut self) -> &mut R {
        &mut self.io
    }

    /// The bytes of a frame. They hold until the next call of [`next`](Self::next).
    pub(in crate::bench) fn bytes(&self, place: Range<usize>) -> &[u8] {
        &self.buffer[place]
    }

    /// The next frame; `None` at the end of the connection. Cancel-safe.
    pub(in crate::bench) async fn next(&mut self) -> io::Result<Option<Frame>> {
        loop {
            if let Some(frame) = self.take()? {
                return Ok(Some(frame));
            }
            self.make_room()?;
            let read = self.io.read(&mut self.buffer[self.unread.end..]).await?;
            if read == 0 {
                return Ok(None);
            }
            self.unread.end += read;
        }
    }

    /// The next frame, if it has been read already.
    pub(in crate::bench) fn take(&mut self) -> io::Result<Option<Frame>> {
        let Some(head) = Head::parse(&self.buffer[self.unread.clone()])? else {
            return Ok(None);
        };
        let from = self.unread.start + head.bytes;
        let place = from..from + head.payload;
        if place.end > self.unread.end {
            return Ok(None);
        }
        if let Some(key) = head.key {
            unmask(&mut self.buffer[place.clone()], key);
        }
        self.unread.start = place.end;
        match head.opcode {
            0x1 => Ok(Some(Frame::Text(place))),
            0x8 => Ok(Some(Frame::Close)),
            0x9 => Ok(Some(Frame::Ping(place))),
            0xa => Ok(Some(Frame::Pong)),
            other => Err(invalid(&format!("a frame of kind {other}"))),
        }
    }

    /// Moves what is unread to the front, and gives the buffer room for one whole frame.
    fn make_room(&mut self) -> io::Result<()> {
        let wanted = match Head::parse(&self.buffer[self.unread.clone()])? {
            Some(head) => (head.bytes + head.payload).max(BUFFER_BYTES),
            None => BUFFER_BYTES,
        };
        let unread = self.unread.len();
        if self.unread.start > 0 {
            self.buffer.copy_within(self.unread.clone(), 0);
            self.unread = 0..unread;
        }
        if wanted != self.buffer.len() && unread <= wanted {
            self.buffer.resize(wanted, 0);
            self.buffer.shrink_to_fit();
        }
        Ok(())
    }
}

struct Head {
    bytes: usize,
    opcode: u8,
    key: Option<[u8; 4]>,
    payload: usize,
}

impl Head {
    /// `None` if there is not enough of it yet.
    fn parse(bytes: &[u8]) -> io::Result<Option<Self>> {
        let (Some(&first), Some(&second)) = (bytes.first(), bytes.get(1)) else { return Ok(None) };
        if first & 0x80 == 0 {
            return Err(invalid("a message in several frames"));
        }
        let (payload, length) = match (second & 0x7f, bytes) {
            (126, &[_, _, a, b, ..]) => (usize::from(u16::from_be_bytes([a, b])), 2),
            (127, &[_, _, 0, 0, 0, 0, a, b, c, d, ..]) => {
                (u32::from_be_bytes([a, b, c, d]) as usize, 8)
            }
            (127, &[_, _, _, _, _, _, _, _, _, _, ..]) => return Err(invalid("a frame too long")),
            (126 | 127, _) => return Ok(None),
            (short, _) => (usize::from(short), 0),
        };
        if payload > MAX_BYTES {
            return Err(invalid("a frame too long"));
        }
        let at = 2 + length;
        let is_masked = second & 0x80 != 0;
        let key = bytes.get(at..at + 4).and_then(|key| <[u8; 4]>::try_from(key).ok());
        match (is_masked, key) {
            (true, None) => Ok(None),
            (true, key) => Ok(Some(Self { bytes: at + 4, opcode: first & 0xf, key, payload })),
            (false, _) => Ok(Some(Self { bytes: at, opcode: first & 0xf, key: None, payload })),
        }
    }
}

/// Masks, or takes the mask off: it is the same. Eight bytes at a time.
pub(super) fn unmask(bytes: &mut [u8], key: [u8; 4]) {
    let wide = u64::from_ne_bytes([key[0], key[1], key[2], key[3], key[0], key[1], key[2], key[3]]);
    let (chunks, rest) = bytes.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

fn invalid(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::wire::writer::{Outgoing, Side};

    /// Short, of two bytes' length, of eight bytes' length, and short again.
    #[tokio::test]
    async fn what_is_written_is_read_whatever_its_length_and_however_it_is_cut() {
        let texts = ["a", "", &"b".repeat(300), &"c".repeat(70_000), &"d".repeat(8192), "e"];
        for side in [Side::Client, Side::Server] {
            let mut out = Outgoing::new(side);
            for text in texts {
                out.push_text(&[
                    &text.as_bytes()[..text.len() / 2],
                    &text.as_bytes()[text.len() / 2..],
                ]);
            }
            for cut in [1, 7, 4096, 100_000] {
                let mut bytes = out.bytes();
                let mut io = tokio_test_io(bytes, cut);
                bytes = &[];
                assert!(bytes.is_empty());
                let mut reader = FrameReader::new(&mut io, &[]);
                for text in texts {
                    let Some(Frame::Text(place)) = reader.next().await.unwrap() else {
                        panic!("no text of {} bytes", text.len())
                    };
                    assert!(reader.bytes(place) == text.as_bytes(), "{} bytes", text.len());
                }
                assert!(reader.next().await.unwrap().is_none());
                assert_eq!(reader.buffer.len(), BUFFER_BYTES);
            }
        }
    }

    /// Brings `bytes` in parts of this length.
    fn tokio_test_io(bytes: &[u8], cut: usize) -> impl AsyncRead + Unpin + use<> {
        let (mut writer, reader) = tokio::io::duplex(cut);
        let bytes = bytes.to_vec();
        tokio::spawn(async move { tokio::io::AsyncWriteExt::write_all(&mut writer, &bytes).await });
        reader
    }

    #[tokio::test]
    async fn what_came_with_the_handshake_is_read_first() {
        let mut out = Outgoing::new(Side::Client);
        out.push_text(&[b"one"]);
        out.push_text(&[b"two"]);
        let (begun, rest) = out.bytes().split_at(5);
        let mut reader = FrameReader::new(rest, begun);
        for text in ["one", "two"] {
            let Some(Frame::Text(place)) = reader.next().await.unwrap() else {
                panic!("no {text}")
            };
            assert_eq!(reader.bytes(place), text.as_bytes());
        }
    }

    #[tokio::test]
    async fn a_message_in_several_frames_and_one_too_long_are_errors() {
        for bytes in [&[0x01, 0x01, b'a'][..], &[0x81, 0x7f, 0, 0, 0, 1, 0, 0, 0, 0]] {
            assert!(FrameReader::new(bytes, &[]).next().await.is_err(), "{bytes:?}");
        }
    }
}
