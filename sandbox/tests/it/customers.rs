//! Customers.

use serde_json::{Value, json};

use crate::{column, delete, get, post, put, sandbox};

const CUSTOMERS: &str = "v3/customers";

fn person(number: u32) -> Value {
    json!({"first_name": "Jo", "last_name": format!("Marsh {number}"),
        "email": format!("jo{number}@example.com")})
}

#[tokio::test]
async fn customers_are_found_by_filters() {
    let sandbox = sandbox().await;
    let first = get(&sandbox, &format!("{CUSTOMERS}?id:in=1")).await.json();
    let customer = &first["data"][0];
    let email = customer["email"].as_str().expect("an e-mail address");
    assert!(customer["date_created"].as_str().is_some_and(|date| date.ends_with('Z')));
    assert_eq!(customer["channel_ids"], Value::Null);
    assert!(customer.get("addresses").is_none() && first["meta"]["pagination"].get("links").is_none());
    for (query, ids) in [
        (format!("email:in={}", email.to_uppercase()), vec![json!(1)]),
        ("id:in=2,3".to_owned(), vec![json!(2), json!(3)]),
        ("name:like=ada%20ash".to_owned(), vec![json!(1)]),
        ("id:in=9999".to_owned(), vec![]),
    ] {
        assert_eq!(
            column(&get(&sandbox, &format!("{CUSTOMERS}?{query}")).await.json(), "id"),
            ids,
            "{query}"
        );
    }
    assert_eq!(get(&sandbox, &format!("{CUSTOMERS}?id=1")).await.status, 422, "there is only id:in");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn parts_come_on_demand() {
    let sandbox = sandbox().await;
    let body =
        get(&sandbox, &format!("{CUSTOMERS}?id:in=1&include=addresses,storecredit,formfields")).await.json();
    let customer = &body["data"][0];
    assert_eq!(customer["addresses"][0]["customer_id"], 1);
    assert!(customer["store_credit_amounts"][0]["amount"].is_number() && customer["form_fields"].is_array());
    assert!(customer.get("attributes").is_none() && customer.get("name").is_none());
    assert_eq!(get(&sandbox, &format!("{CUSTOMERS}?include=friends")).await.status, 422);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn cursors_lead_through_the_whole_list_and_back() {
    let sandbox = sandbox().await;
    let mut query = "?limit=40".to_owned();
    let (mut ids, mut pages) = (Vec::new(), Vec::new());
    loop {
        let body = get(&sandbox, &format!("{CUSTOMERS}{query}")).await.json();
        assert_eq!(
            body["meta"].get("pagination").is_some(),
            pages.is_empty(),
            "only the first page has both"
        );
        ids.extend(column(&body, "id"));
        let cursors = body["meta"]["cursor_pagination"].clone();
        let next = cursors["links"]["next"].as_str().map(str::to_owned);
        pages.push(cursors);
        match next {
            Some(next) => query = next,
            None => break,
        }
    }
    assert_eq!(ids, (1..=100).map(Value::from).collect::<Vec<_>>());
    let previous = pages[2]["links"]["previous"].as_str().expect("a way back");
    let back = get(&sandbox, &format!("{CUSTOMERS}{previous}")).await.json();
    assert_eq!(column(&back, "id"), (41..=80).map(Value::from).collect::<Vec<_>>());
    let second = get(&sandbox, &format!("{CUSTOMERS}?page=2&limit=40")).await.json();
    assert!(second["meta"].get("cursor_pagination").is_none());
    assert_eq!(get(&sandbox, &format!("{CUSTOMERS}?after=nonsense")).await.status, 422);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn customers_live_from_create_to_delete() {
    let sandbox = sandbox().await;
    let mut sent = person(1);
    sent["authentication"] = json!({"new_password": "correct-horse-1"});
    sent["addresses"] = json!([{"first_name": "Jo", "last_name": "Marsh", "city": "Austin",
        "country_code": "US", "address1": "1 Mill Road"}]);
    let created = post(&sandbox, CUSTOMERS, json!([sent, person(2)])).await;
    assert_eq!(created.status, 200, "{}", created.text);
    assert!(!created.text.contains("correct-horse"), "a password is never answered");
    let body = created.json();
    assert_eq!((column(&body, "id"), &body["meta"]), (vec![json!(101), json!(102)], &json!({})));
    assert_eq!(body["data"][0]["address_count"], 1);
    assert_eq!(body["data"][0]["addresses"][0]["customer_id"], 101);
    assert!(body["data"][1].get("addresses").is_none());
    assert_eq!(body["data"][1]["store_credit_amounts"], json!([{"amount": 0}]));
    let changed =
        put(&sandbox, CUSTOMERS, json!([{"id": 101, "company": "Marsh & Co", "origin_channel_id": 9}])).await;
    assert_eq!(changed.json()["data"][0]["company"], "Marsh & Co");
    assert_eq!(changed.json()["data"][0]["origin_channel_id"], 1, "where a customer came from stays");
    assert_eq!(delete(&sandbox, CUSTOMERS).await.status, 204);
    assert_eq!(delete(&sandbox, &format!("{CUSTOMERS}?id:in=101,102")).await.status, 204);
    let left = get(&sandbox, &format!("{CUSTOMERS}?limit=1")).await.json();
    assert_eq!(left["meta"]["pagination"]["total"], 100, "without id:in nothing happens");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_batch_has_one_to_ten_customers_with_addresses_of_their_own() {
    let sandbox = sandbox().await;
    let many: Vec<Value> = (0..11).map(person).collect();
    let refused = post(&sandbox, CUSTOMERS, json!(many)).await;
    assert_eq!((refused.status, refused.text.as_str()), (413, ""));
    let duplicate = post(&sandbox, CUSTOMERS, json!([person(1), person(1)])).await;
    let body = duplicate.json();
    assert_eq!((duplicate.status, body["title"].as_str()), (422, Some("Create customers failed.")));
    assert!(body["errors"][".customer_create"].is_string());
    assert_eq!(
        get(&sandbox, &format!("{CUSTOMERS}?email:in=jo1@example.com")).await.json()["data"],
        json!([])
    );
    assert_eq!(post(&sandbox, CUSTOMERS, json!([])).await.status, 422);
    assert_eq!(post(&sandbox, CUSTOMERS, person(1)).await.status, 422, "an array is required");
    assert_eq!(post(&sandbox, CUSTOMERS, json!([{"email": "a@b.example"}])).await.status, 422);
    assert_eq!(put(&sandbox, CUSTOMERS, json!([{"id": 9_999, "notes": "x"}])).await.status, 422);
    sandbox.shutdown().await;
}
