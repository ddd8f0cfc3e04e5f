//! The callbacks that are no part of an install: opening the app, its end, and the end of a user's access.
//! Source: `docs/integrations/apps/guide/callbacks.mdx` of <https://github.com/bigcommerce/docs>.

use jsonwebtoken::errors::Error;
use reqwest::Url;

use super::installation::CallbackCall;
use super::people::{OWNER, User};
use super::signed_payload::Payload;
use crate::server::Shared;
use crate::webhooks::announcement;
use crate::webhooks::event::{Event, UNINSTALLED};

/// The address of the load callback as the control panel opens it for `user`; `None` where the app has none.
pub(crate) fn load_address(shared: &Shared, user: &'static User) -> Option<Result<String, Error>> {
    let callback = shared.app().registration.load_callback.clone()?;
    Some(signed(shared, &callback, user))
}

/// The merchant removes the app: its webhooks are told and gone, its token is void, and its maker is called.
pub(crate) async fn uninstall(shared: &Shared) {
    {
        let mut store = shared.store();
        store.events.push(Event::of_store(UNINSTALLED));
        announcement::announce(shared, &mut store);
        let client_id = &*shared.accounts.client_id;
        let of_app = store.hooks.iter().filter(|(_, hook)| hook["client_id"] == *client_id);
        let hooks: Vec<u64> = of_app.map(|(id, _)| id).collect();
        for id in hooks {
            store.hooks.remove(id);
            store.hook_activity.remove(&id);
        }
    }
    shared.app().remove();
    shared.webhooks.stir();
    let callback = shared.app().registration.uninstall_callback.clone();
    call(shared, "uninstall", callback, &OWNER).await;
}

/// The merchant takes the access to the app from `user`.
pub(crate) async fn remove_user(shared: &Shared, user: &'static User) {
    let callback = shared.app().registration.remove_user_callback.clone();
    call(shared, "remove_user", callback, user).await;
}

/// Calls one of the app's callbacks from server to server, once: nobody waits for more than that it was called.
async fn call(shared: &Shared, callback: &'static str, address: Option<String>, user: &'static User) {
    let Some(address) = address else {
        return;
    };
    let at_ms = shared.now_ms();
    let ending = match signed(shared, &address, user) {
        Ok(address) => tokio::select! {
            ending = shared.callbacks.get(&address) => ending,
            () = shared.stopped() => Err("the sandbox stopped"),
        },
        Err(_) => Err("the payload could not be signed"),
    };
    shared.app().note(CallbackCall { callback, at_ms, ending });
}

/// The address with a signed payload about `user`.
fn signed(shared: &Shared, address: &str, user: &'static User) -> Result<String, Error> {
    let now = shared.clock.now();
    let id = shared.app().uuid(now);
    let payload = Payload {
        client_id: &shared.accounts.client_id,
        store_hash: &shared.store_hash,
        user,
        id: &id,
        now: now.as_secs(),
    };
    let jwt = payload.signed(&shared.accounts.client_secret)?;
    Ok(with_query(address, &[("signed_payload_jwt", &jwt)]))
}

/// `address` with these parameters behind those that it has.
pub(crate) fn with_query(address: &str, parameters: &[(&str, &str)]) -> String {
    let Ok(mut address) = Url::parse(address) else {
        // Registered addresses were read before.
        return address.to_owned();
    };
    address.query_pairs_mut().extend_pairs(parameters);
    address.into()
}

#[cfg(test)]
mod tests {
    use super::with_query;

    #[test]
    fn parameters_are_escaped_and_stand_behind_others() {
        let address = with_query("https://a.example/in?b=c", &[("scope", "d e"), ("context", "stores/f")]);
        assert_eq!(address, "https://a.example/in?b=c&scope=d+e&context=stores%2Ff");
    }
}
