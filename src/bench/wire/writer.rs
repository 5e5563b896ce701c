//! Frames that wait to be written, header and payload in one buffer.

use super::reader::unmask;

/// Which side of a connection writes. A client masks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::bench) enum Side {
    Client,
    Server,
}

/// Frames in one buffer, for one write.
pub(in crate::bench) struct Outgoing {
    side: Side,
    key: u32,
    buffer: Vec<u8>,
}

impl Outgoing {
    pub(in crate::bench) fn new(side: Side) -> Self {
        Self { side, key: 0x9e37_79b9, buffer: Vec::new() }
    }

    /// Adds a text message that consists of these parts.
    pub(in crate::bench) fn push_text(&mut self, parts: &[&[u8]]) {
        self.push(0x1, parts);
    }

    pub(in crate::bench) fn push_pong(&mut self, payload: &[u8]) {
        self.push(0xa, &[payload]);
    }

    pub(in crate::bench) fn push_close(&mut self) {
        self.push(0x8, &[&1000_u16.to_be_bytes()]);
    }

    #[must_use]
    pub(in crate::bench) fn bytes(&self) -> &[u8] {
        &self.buffer
    }

    /// The first bytes were written.
    pub(in crate::bench) fn written(&mut self, bytes: usize) {
        if bytes == self.buffer.len() {
            self.buffer.clear();
        } else {
            self.buffer.drain(..bytes);
        }
    }

    fn push(&mut self, opcode: u8, parts: &[&[u8]]) {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        self.buffer.reserve(length + 14);
        self.buffer.push(0x80 | opcode);
        let mask_bit = if self.side == Side::Client { 0x80 } else { 0 };
        match (u8::try_from(length), u16::try_from(length)) {
            (Ok(short @ ..126), _) => self.buffer.push(mask_bit | short),
            (_, Ok(medium)) => {
                self.buffer.push(mask_bit | 126);
                self.buffer.extend_from_slice(&medium.to_be_bytes());
            }
            (_, Err(_)) => {
                self.buffer.push(mask_bit | 127);
                self.buffer.extend_from_slice(&(length as u64).to_be_bytes());
            }
        }
        let key = self.next_key();
        if self.side == Side::Client {
            self.buffer.extend_from_slice(&key);
        }
        let from = self.buffer.len();
        for part in parts {
            self.buffer.extend_from_slice(part);
        }
        if self.side == Side::Client {
            unmask(&mut self.buffer[from..], key);
        }
    }

    /// Nobody stands between the two sides, so any key will do that isn't 0.
    fn next_key(&mut self) -> [u8; 4] {
        self.key ^= self.key << 13;
        self.key ^= self.key >> 17;
        self.key ^= self.key << 5;
        self.key.to_ne_bytes()
    }
}
