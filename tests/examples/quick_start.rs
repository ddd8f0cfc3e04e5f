//! How to embed the connector: connect, call typed and untyped, update, read all pages, and answer a webhook. Without
//! `STORE_HASH` and `ACCESS_TOKEN` in the environment it runs against a local store; with them it reads that store and
//! changes nothing.

use std::error::Error as StdError;
use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use bigcommerce_connector::actions::{GetProduct, ListOrders, ListProducts, UpdateProduct};
use bigcommerce_connector::connection;
use bigcommerce_connector::connector::WEBHOOKS;
use bigcommerce_connector::signatures::STANDARD_WEBHOOKS;
use bigcommerce_connector::triggers::order_created;
use bigcommerce_connector::types::{Order, Product, ProductSort, SortDirection};
use bigcommerce_sandbox::{Sandbox, SandboxOptions};
use connector_runtime::signature::{Signer, Verifier};
use connector_runtime::{Class, Client, Decimal, Error, Event, HeaderMap, Patience, SecretString};
use http::{HeaderName, HeaderValue};

type Outcome<T> = Result<T, Box<dyn StdError>>;

// What an embedder copies begins here.

/// A client of a store. The store is named by `abc123`, `stores/abc123` or an address from a browser.
fn connect(store: &str, token: SecretString) -> Outcome<Client> {
    let connection = connection(store, token)?;
    Ok(Client::new(connection)?)
}

/// The visible products at one price, the newest change first.
async fn products_at(client: &Client, price: Decimal) -> Result<Vec<Product>, Error> {
    let mut filters = ListProducts::default();
    filters.price = Some(price);
    filters.is_visible = Some(true);
    filters.sort = Some(ProductSort::DateModified);
    filters.direction = Some(SortDirection::Desc);
    filters.limit = Some(10);
    let reply = client.call(&filters).await?;
    Ok(reply.data)
}

/// The price of a product, or the reason why there is none.
fn price_of(product: &Product) -> Result<Decimal, String> {
    match (product.price, product.extra.get("price")) {
        (Some(price), _) => Ok(price),
        (None, Some(json)) => Err(format!("the price is not a decimal: {}", json.as_str())),
        (None, None) => Err("there is no price".to_owned()),
    }
}

/// What a workflow does after a call has failed. Nothing was called again on its own.
fn next_step(error: &Error) -> String {
    match (error.class(), error.is_retryable()) {
        (Class::AuthRevoked | Class::AuthScope, _) => "ask the merchant to connect again".to_owned(),
        (Class::NotFound, _) => "go on without it".to_owned(),
        (Class::Validation, _) => {
            let faults: Vec<String> = error.violations().iter().map(ToString::to_string).collect();
            format!("mend the input: {}", faults.join("; "))
        }
        (_, true) => match error.retry_after() {
            Some(wait) => format!("run the step again in {} ms", wait.as_millis()),
            None => "run the step again soon".to_owned(),
        },
        (class, false) => format!("stop: {class}"),
    }
}

/// Puts a product on sale: what is not assigned stays as it is. Returns what a workflow logs.
async fn put_on_sale(client: &Client, product_id: i64, sale_price: Decimal) -> String {
    let mut change = UpdateProduct::new(product_id);
    change.sale_price = Some(sale_price);
    match client.call(&change).await {
        Ok(reply) => format!("{} costs {sale_price}", reply.data.name.unwrap_or_default()),
        // Nobody knows whether the store received the change.
        Err(error) if error.class() == Class::TransportUnknownOutcome => {
            format!("read product {product_id} first: {error}")
        }
        Err(error) => next_step(&error),
    }
}

/// A step of a workflow: an action by its id, JSON in, and out the very JSON that the store sent.
async fn run_step(client: &Client, action: &str, input: &str) -> Result<String, Error> {
    let reply = client.call_untyped(action, input.as_bytes()).await?;
    Ok(reply.json.as_str().to_owned())
}

/// Every order of the store, page by page.
async fn all_orders(client: &Client) -> Outcome<Vec<Order>> {
    let patient = client.clone().with_patience(Patience::Unlimited);
    let mut input = ListOrders::default();
    input.limit = Some(20);
    let mut pages = patient.pages(&input)?;
    let mut orders = Vec::new();
    while let Some(page) = pages.next().await {
        orders.extend(page?.data);
    }
    Ok(orders)
}

/// The event of a delivery, once its signature, its time and its store are found good.
fn receive(verifier: &Verifier, store: &str, url: &str, headers: &HeaderMap, body: &[u8]) -> Outcome<Event> {
    let now_ms = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    let delivery = verifier.verify(headers, url, body, now_ms)?;
    let event = WEBHOOKS.event(&delivery)?;
    // Whoever delivers twice has the same `event.dedupe_key` in both.
    if event.account == store { Ok(event) } else { Err("an event of another store".into()) }
}

/// The whole order that an event is about: a delivery brings only its id.
async fn order_of(client: &Client, event: &Event) -> Outcome<Order> {
    if event.name != order_created::TRIGGER.event {
        return Err(format!("no workflow waits for {}", event.name).into());
    }
    let reply = client.read_after_event(&order_created::TRIGGER, event).await?;
    Ok(reply.ok_or("an event without an id")?.json.parse()?)
}

// What an embedder copies ends here. What follows is the store, and who delivers.

/// The address that deliveries go to.
const URL: &str = "https://hooks.shop.example/bigcommerce/4f0d9c";

/// Tells the story on a store, and prints what it did.
pub(crate) async fn tell(client: &Client, store: &str, out: &mut dyn Write) -> Outcome<()> {
    let price = Decimal::from_str_exact("64.95")?;
    let products = products_at(client, price).await?;
    writeln!(out, "typed call: {} products cost {price}", products.len())?;
    for product in products.iter().take(3) {
        let (name, price) = (product.name.as_deref().unwrap_or_default(), price_of(product)?);
        writeln!(out, "  {name}: three cost {}", price * Decimal::from(3))?;
    }
    for wrong in [GetProduct::new(0), GetProduct::new(999_999_999)] {
        if let Err(error) = client.call(&wrong).await {
            writeln!(out, "error of class {}: {}", error.class(), next_step(&error))?;
        }
    }
    let json =
        run_step(client, "list-products", r#"{"limit": 1, "include_fields": ["name", "sku"]}"#).await?;
    writeln!(out, "untyped call: {} bytes, passed on as the store sent them", json.len())?;
    let orders = all_orders(client).await?;
    let total: Decimal = orders.iter().filter_map(|order| order.total_inc_tax).sum();
    writeln!(out, "all pages: {} orders, together {total}", orders.len())?;

    let secret = SecretString::from("the client secret of the app");
    // Several secrets may stand here while one replaces another.
    let verifier = Verifier::new(WEBHOOKS.signatures, std::slice::from_ref(&secret))?;
    let id = orders.first().and_then(|order| order.id).ok_or("the store has no order")?;
    let body = format!(
        r#"{{"scope":"store/order/created","producer":"stores/{store}","data":{{"type":"order","id":{id}}}}}"#
    );
    let forged = sign(&SecretString::from("a guess"), &body)?;
    if let Err(reason) = receive(&verifier, store, URL, &forged, body.as_bytes()) {
        writeln!(out, "forged delivery: refused, {reason}")?;
    }
    let event = receive(&verifier, store, URL, &sign(&secret, &body)?, body.as_bytes())?;
    let order = order_of(client, &event).await?;
    let total = order.total_inc_tax.unwrap_or_default();
    writeln!(out, "delivery: {} for order {id}, read in full: {total} with tax", event.name)?;
    Ok(())
}

/// Changes products of a store: one that is there, with a price that is possible and one that is not, and one that is
/// not there.
pub(crate) async fn change(client: &Client, out: &mut dyn Write) -> Outcome<()> {
    let products = products_at(client, Decimal::from_str_exact("64.95")?).await?;
    let id = products.first().and_then(|product| product.id).ok_or("no product has the price")?;
    for (id, sale_price) in [(id, "59.95"), (id, "-1"), (999_999_999, "59.95")] {
        writeln!(out, "update: {}", put_on_sale(client, id, Decimal::from_str_exact(sale_price)?).await)?;
    }
    Ok(())
}

/// The headers with which BigCommerce delivers a body.
fn sign(secret: &SecretString, body: &str) -> Outcome<HeaderMap> {
    let now_ms = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    let mut headers = HeaderMap::new();
    for (name, value) in
        Signer::new(&STANDARD_WEBHOOKS, secret)?.sign("msg_1", URL, now_ms, body.as_bytes())?
    {
        headers.insert(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
    }
    Ok(headers)
}

/// A client of the local store: the same connection, with another server in the place of the vendor's.
pub(crate) fn connect_to(sandbox: &Sandbox) -> Outcome<Client> {
    let connection = connection(sandbox.store_hash(), SecretString::from(sandbox.access_token()))?;
    Ok(Client::new(connection.at_origin(&sandbox.origin())?)?)
}

#[tokio::main]
pub(crate) async fn main() -> Outcome<()> {
    let mut out = io::stdout().lock();
    if let (Ok(store), Ok(token)) = (std::env::var("STORE_HASH"), std::env::var("ACCESS_TOKEN")) {
        return tell(&connect(&store, SecretString::from(token))?, &store, &mut out).await;
    }
    let sandbox = Sandbox::start(SandboxOptions::default()).await?;
    let client = connect_to(&sandbox)?;
    tell(&client, sandbox.store_hash(), &mut out).await?;
    change(&client, &mut out).await
}
