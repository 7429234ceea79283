//! Which trace a request belongs to, as W3C's Trace Context says: one that its sender has begun, by `traceparent`, else
//! one of its own. The answer names it.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use data_encoding::HEXLOWER;

/// Carries the trace of whoever sends a request.
pub const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");
/// Names the trace in an answer.
pub const TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");

/// Bytes of a header of version 00: version, trace, parent and flags, with dashes between.
const HEADER_BYTES: usize = 55;
/// The version that says nothing.
const VERSION_INVALID: &[u8] = b"ff";
/// The flag of a trace that its sender keeps.
const SAMPLED: u8 = 1;

/// The name of a trace: sixteen bytes that are not all zero, as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TraceId([u8; 32]);

/// A request's place in a trace that its sender has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    /// The trace.
    pub trace: TraceId,
    /// The sender's own span.
    pub span: [u8; 8],
    /// Whether the sender keeps the trace.
    pub is_sampled: bool,
}

impl TraceId {
    /// The name that these bytes make; `None` for zeros.
    pub fn new(bytes: [u8; 16]) -> Option<Self> {
        let mut digits = [0; 32];
        HEXLOWER.encode_mut(&bytes, &mut digits);
        (bytes != [0; 16]).then_some(Self(digits))
    }

    /// Its digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The bytes that it stands for.
    pub fn bytes(&self) -> [u8; 16] {
        decode(&self.0).unwrap_or_default()
    }

    /// As a header's value.
    pub fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_bytes(&self.0).ok()
    }
}

impl std::fmt::Debug for TraceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TraceParent {
    /// What a request says; `None` where it says nothing, or nothing that is valid.
    pub fn read(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(&TRACE_PARENT).into_iter();
        let (Some(value), None) = (values.next(), values.next()) else { return None };
        Self::parse(value.as_bytes())
    }

    fn parse(value: &[u8]) -> Option<Self> {
        // Later versions may say more, behind another dash.
        let (known, more) = value.split_at_checked(HEADER_BYTES)?;
        let mut parts = known.split(|byte| *byte == b'-');
        let mut next = |bytes: usize| parts.next().filter(|part| part.len() == bytes);
        let (version, trace, span, flags) = (next(2)?, next(32)?, next(16)?, next(2)?);
        let [version_number]: [u8; 1] = decode(version)?;
        let ends = if version_number == 0 { more.is_empty() } else { more.is_empty() || more[0] == b'-' };
        if version == VERSION_INVALID || !ends {
            return None;
        }
        let (span, [flags]): ([u8; 8], [u8; 1]) = (decode(span)?, decode(flags)?);
        let trace = TraceId::new(decode(trace)?)?;
        (span != [0; 8]).then_some(Self { trace, span, is_sampled: flags & SAMPLED != 0 })
    }
}

fn decode<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    (digits.len() == 2 * N).then_some(())?;
    HEXLOWER.decode_mut(digits, &mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn goes_on_with_a_trace() {
        let given = TraceParent::parse(format!("00-{TRACE}-00f067aa0ba902b7-01").as_bytes()).unwrap();
        assert_eq!((given.trace.as_str(), given.is_sampled), (TRACE, true));
        assert_eq!(given.span, [0, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]);
        assert_eq!(TraceId::new(given.trace.bytes()), Some(given.trace));
        let later = TraceParent::parse(format!("cc-{TRACE}-00f067aa0ba902b7-02-what-else").as_bytes());
        assert!(!later.unwrap().is_sampled);
    }

    #[test]
    fn refuses_what_is_no_trace() {
        for wrong in [
            String::new(),
            "nonsense".to_owned(),
            format!("00-{TRACE}-00f067aa0ba902b7"),
            format!("00-{TRACE}-00f067aa0ba902b7-01-more"),
            format!("cc-{TRACE}-00f067aa0ba902b7-01.more"),
            format!("ff-{TRACE}-00f067aa0ba902b7-01"),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
            format!("00-{TRACE}x00f067aa0ba902b7-01"),
            format!("0g-{TRACE}-00f067aa0ba902b7-01"),
        ] {
            assert_eq!(TraceParent::parse(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
