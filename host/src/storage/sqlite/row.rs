//! How activations and their states are written in rows.

use bytes::Bytes;
use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use crate::storage::{Activation, ActivationState, ConnectionState, Origin};

/// The state of an activation in the file, which tells two kinds of waiting apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Behind another of its resource.
    Queued,
    /// For its time.
    Ready,
    Leased,
    Delivered,
    Dead,
    Suppressed,
}

impl State {
    /// How many there are.
    pub(super) const COUNT: usize = 6;

    const ALL: [Self; Self::COUNT] =
        [Self::Queued, Self::Ready, Self::Leased, Self::Delivered, Self::Dead, Self::Suppressed];

    pub(super) fn number(self) -> usize {
        self as usize
    }

    pub(super) fn public(self) -> ActivationState {
        match self {
            Self::Queued | Self::Ready => ActivationState::Waiting,
            Self::Leased => ActivationState::Leased,
            Self::Delivered => ActivationState::Delivered,
            Self::Dead => ActivationState::Dead,
            Self::Suppressed => ActivationState::Suppressed,
        }
    }

    pub(super) fn is_finished(self) -> bool {
        matches!(self, Self::Delivered | Self::Dead | Self::Suppressed)
    }
}

impl FromSql for State {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        let state = usize::try_from(number).ok().and_then(|number| Self::ALL.get(number).copied());
        state.ok_or(FromSqlError::OutOfRange(number))
    }
}

impl ToSql for State {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(*self as i64))
    }
}

impl FromSql for Origin {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_i64()? {
            0 => Ok(Self::Webhook),
            1 => Ok(Self::Backfill),
            number => Err(FromSqlError::OutOfRange(number)),
        }
    }
}

impl ToSql for Origin {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(match self {
            Self::Webhook => 0_i64,
            Self::Backfill => 1,
        }))
    }
}

impl FromSql for ConnectionState {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_i64()? {
            0 => Ok(Self::Connected),
            1 => Ok(Self::Revoked),
            2 => Ok(Self::Refused),
            number => Err(FromSqlError::OutOfRange(number)),
        }
    }
}

impl ToSql for ConnectionState {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(match self {
            Self::Connected => 0_i64,
            Self::Revoked => 1,
            Self::Refused => 2,
        }))
    }
}

/// The activation of a row that has the table's names for columns; without a payload that was removed.
pub(super) fn activation(row: &Row<'_>) -> rusqlite::Result<Activation> {
    Ok(Activation {
        id: row.get("id")?,
        connection: row.get("connection")?,
        account: row.get("account")?,
        trigger: row.get("trigger")?,
        resource_type: row.get("resource_type")?,
        resource_id: row.get("resource_id")?,
        event_time: row.get("event_time")?,
        received_ms: row.get("received_ms")?,
        origin: row.get("origin")?,
        envelope: Bytes::from(row.get::<_, Option<Vec<u8>>>("envelope")?.unwrap_or_default()),
    })
}
