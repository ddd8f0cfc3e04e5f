//! What the service says when it begins: where everything is.

use super::listener::Listener;
use super::{Service, broken};
use crate::delivery::Sink;
use crate::failure::Failure;
use crate::receive;

impl Service {
    /// Where everything is, a line for each thing. The log gets the same.
    pub(super) fn announcement(&self) -> Result<String, Failure> {
        let address = |listener: &Listener| {
            listener.address().map_err(|error| broken("the address cannot be told", &error))
        };
        let known = self.directory.counts();
        let (listen, public, data) = (address(&self.webhooks)?, &self.public_url, self.data.display());
        let metrics = match &self.admin {
            Some(admin) => format!("http://{}/metrics", address(admin)?),
            None => "none".to_owned(),
        };
        let delivery = match (&self.sink, &self.admin) {
            (Some(Sink::Http(_)), _) => "over HTTP",
            (Some(Sink::Lines(_)), _) => "to standard output",
            (None, Some(_)) => "to workers that fetch",
            (None, None) => "none: workers fetch at admin.listen, which is none",
        };
        let (ready, unusable) = (known.ready, known.unusable);
        tracing::info!(%listen, public_url = public, metrics, delivery, %data, connections = ready, unusable, "serving");
        Ok(format!(
            "listening    {listen}\nwebhooks     {}\npages        {public}/connections\nmetrics      {metrics}\n\
             delivery     {delivery}\ndata         {data}\nconnections  {} ready, {} unusable\n\
             Ctrl-C or SIGTERM stops it\n",
            receive::webhook_url(public, "…"),
            ready,
            unusable
        ))
    }
}
