//! The rows that all contenders store: deliveries of a common size, each of an order of its own.

use bytes::Bytes;
use connector_host::storage::{Activation, ConnectionRow, ConnectionState, Origin};

/// A delivery as it is sent, 300 bytes.
const ENVELOPE: &[u8] = br#"{"scope":"store/order/created","store_id":"1025646","data":{"type":"order","id":10173331},"hash":"0000000000000000000000000000000000000000","created_at":1561479335,"producer":"stores/abc123xyz0","padding":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}"#;

/// A delivery of an event of its own, as long as the others.
pub(crate) fn envelope(number: u64) -> Vec<u8> {
    let text = String::from_utf8_lossy(ENVELOPE).replace(&"0".repeat(40), &format!("{number:040x}"));
    text.replace("10173331", &(10_000_000 + number).to_string()).into_bytes()
}

const CONNECTION: &str = "5f1d7a84c2b3";
const ACCOUNT: &str = "abc123xyz0";

/// The connection of all rows.
pub(crate) fn connection() -> ConnectionRow {
    ConnectionRow {
        id: CONNECTION.to_owned(),
        webhook_key: "key".to_owned(),
        account: ACCOUNT.to_owned(),
        app: None,
        fields: "{}".to_owned(),
        sealed: Vec::new(),
        settings: "{}".to_owned(),
        state: ConnectionState::Connected,
        created_ms: 0,
        updated_ms: 0,
    }
}

/// A row with an id as random as a digest.
pub(crate) fn row(random: &mut fastrand::Rng, number: u64) -> Activation {
    Activation {
        id: format!("{:032x}", random.u128(..)),
        connection: CONNECTION.to_owned(),
        account: ACCOUNT.to_owned(),
        trigger: "order-created".to_owned(),
        resource_type: Some("order".to_owned()),
        resource_id: Some(number.to_string()),
        event_time: Some(1_561_479_335),
        received_ms: 1_700_000_000_000_i64.saturating_add_unsigned(number),
        origin: Origin::Webhook,
        envelope: Bytes::from_static(ENVELOPE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_is_as_long_as_it_is_said_to_be() {
        assert_eq!(ENVELOPE.len(), 300);
        assert_eq!(envelope(119_999).len(), 300);
        assert_ne!(envelope(1), envelope(2));
    }
}
