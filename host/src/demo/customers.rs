//! Chapter six: a customer who telephoned is entered, told to a workflow, and found again.

use serde_json::json;

use super::arrivals::BY_WEBHOOK;
use super::stage::{Stage, data, ensure, number, text};
use crate::failure::Failure;
use crate::members::Members;

const EMAIL: &str = "nora.field@example.org";

/// Tells the chapter.
pub(super) async fn tell(stage: &mut Stage<'_>) -> Result<(), Failure> {
    stage.begin("enter a customer who telephoned")?;
    let new = json!({
        "email": EMAIL, "first_name": "Nora", "last_name": "Field", "company": "Field & Daughters",
        "addresses": [{
            "first_name": "Nora", "last_name": "Field", "address1": "4 Mill Road", "city": "Portland",
            "state_or_province": "Oregon", "postal_code": "97201", "country_code": "US",
        }],
    });
    let reply = stage.done("create-customer", &new).await?;
    let customer: Members = data(&reply)?;
    let id = number(&customer, "id")?;
    let name = format!("{} {}", text(&customer, "first_name"), text(&customer, "last_name"));
    stage.told("create-customer", &reply, &format!("{name} of {}, id {id}", text(&customer, "company")))?;
    stage.arrive(&[("customer-created", id)], BY_WEBHOOK).await?;

    let reply = stage.done("list-customers", &json!({"email_in": [EMAIL]})).await?;
    let found: Vec<Members> = data(&reply)?;
    let ids: Vec<u64> = found.iter().map(|customer| number(customer, "id")).collect::<Result<_, _>>()?;
    ensure(ids == [id], || format!("by the address the customers {ids:?} were found"))?;
    stage.told("list-customers", &reply, "found by the e-mail address, which no two customers share")?;

    let reply = stage.done("get-customer", &json!({"customer_id": id, "include": ["addresses"]})).await?;
    let customer: Members = data(&reply)?;
    let addresses: Vec<Members> = customer.get("addresses").unwrap_or_default();
    let city = addresses.first().map(|address| text(address, "city")).unwrap_or_default();
    ensure(customer.get("id") == Some(id) && !city.is_empty(), || "another customer came".to_owned())?;
    stage.told("get-customer", &reply, &format!("by id and with addresses: {name}, {city}"))?;
    stage.voice.fact("customer_id", id);
    stage.end()
}
