//! The seeded customers with their addresses.
//! Source: `reference/customers.v3.yml` of <https://github.com/bigcommerce/docs>.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::people::{STREETS, TOWNS, name, pick};
use super::random::Random;
use crate::amount::hundredths;
use crate::date::customer_date;
use crate::store::{Document, fields};

/// How many there are.
const COUNT: u64 = 100;

/// When the first one came: 2025-01-07.
const FIRST_CREATED: i64 = 1_736_244_000;

const DAY: i64 = 86_400;

/// The seeded customers by id, from 1 on.
pub(super) fn customers(random: &mut Random) -> BTreeMap<u64, Document> {
    (1..=COUNT).map(|id| (id, customer(id, random))).collect()
}

fn customer(id: u64, random: &mut Random) -> Document {
    let (first_name, last_name) = name(id - 1);
    let created = FIRST_CREATED + i64::try_from(id).unwrap_or(0) * (4 * DAY + 977);
    let modified = created + i64::try_from(random.below(2_592_000)).unwrap_or(0);
    let is_firm = id.is_multiple_of(9);
    let addresses = vec![address(id, first_name, last_name, random)];
    fields(json!({
        "id": id,
        "email": format!("{first_name}.{last_name}.{id}@example.com").to_lowercase(),
        "first_name": first_name,
        "last_name": last_name,
        "company": if is_firm { format!("{last_name} Interiors") } else { String::new() },
        "phone": format!("555-01{:02}", id % 100),
        "notes": "",
        "tax_exempt_category": "",
        "customer_group_id": u8::from(is_firm),
        "registration_ip_address": format!("192.0.2.{id}"),
        "date_created": customer_date(created),
        "date_modified": customer_date(modified),
        "authentication": {"force_password_reset": false},
        "accepts_product_review_abandoned_cart_emails": id.is_multiple_of(3),
        "origin_channel_id": 1,
        // Null stands for every channel.
        "channel_ids": null,
        "address_count": addresses.len(),
        "attribute_count": 0,
        "addresses": addresses,
        "attributes": [],
        "form_fields": [],
        "store_credit_amounts": [{"amount": hundredths(if id.is_multiple_of(10) { 2_500 } else { 0 })}],
        "shopper_profile_id": null,
        "segment_ids": [],
    }))
}

fn address(customer: u64, first_name: &str, last_name: &str, random: &mut Random) -> Value {
    let town = &TOWNS[usize::try_from(customer % TOWNS.len() as u64).unwrap_or(0)];
    json!({
        "id": customer,
        "customer_id": customer,
        "first_name": first_name,
        "last_name": last_name,
        "company": "",
        "address1": format!("{} {}", 1 + random.below(180), pick(STREETS, customer)),
        "address2": "",
        "city": town.city,
        "state_or_province": town.state,
        "postal_code": town.zip,
        "country": "United States",
        "country_code": "US",
        "phone": format!("555-01{:02}", customer % 100),
        "address_type": "residential",
        "form_fields": [],
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Random, customers};

    #[test]
    fn a_hundred_customers_have_addresses_of_their_own() {
        let customers = customers(&mut Random::new(1));
        let emails: BTreeSet<_> = customers.values().map(|customer| customer["email"].to_string()).collect();
        assert_eq!((customers.len(), emails.len()), (100, 100));
    }
}
