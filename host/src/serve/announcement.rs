//! What the service says when it begins: where everything is.

use std::io::Write;

use super::listener::Listener;
use super::{Service, broken};
use crate::delivery::Sink;
use crate::failure::Failure;
use crate::receive;

impl Service {
    /// Says where everything is.
    pub(super) fn announce(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let address = |listener: &Listener| {
            listener.address().map_err(|error| broken("the address cannot be told", &error))
        };
        let known = self.directory.counts();
        let (listen, public, data) = (address(&self.webhooks)?, &self.public_url, self.data.display());
        writeln!(out, "listening    {listen}")?;
        writeln!(out, "webhooks     {}", receive::webhook_url(public, "…"))?;
        writeln!(out, "pages        {public}/connections")?;
        match &self.admin {
            Some(admin) => writeln!(out, "metrics      http://{}/metrics", address(admin)?)?,
            None => writeln!(out, "metrics      none")?,
        }
        let delivery = match (&self.sink, &self.admin) {
            (Some(Sink::Http(_)), _) => "over HTTP",
            (Some(Sink::Lines(_)), _) => "to standard output",
            (None, Some(_)) => "to workers that fetch",
            (None, None) => "none: workers fetch at admin.listen, which is none",
        };
        writeln!(out, "delivery     {delivery}")?;
        writeln!(out, "data         {data}")?;
        writeln!(out, "connections  {} ready, {} unusable", known.ready, known.unusable)?;
        writeln!(out, "Ctrl-C or SIGTERM stops it")?;
        out.flush()?;
        tracing::info!(%listen, public_url = public, connections = known.ready, "serving");
        Ok(())
    }
}
