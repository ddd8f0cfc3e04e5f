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
    assert_eq!(body["data"][1]["addresses"], json!([]));
    assert_eq!(body["data"][1]["store_credit_amounts"], json!([{"amount": 0}]));
    let moved = put(&sandbox, CUSTOMERS, json!([{"id": 101, "origin_channel_id": 9}])).await;
    assert_eq!(moved.status, 422, "the channel that a customer came from cannot be changed");
    let changed = put(&sandbox, CUSTOMERS, json!([{"id": 101, "company": "Marsh & Co"}])).await;
    assert_eq!(changed.json()["data"][0]["company"], "Marsh & Co");
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

#[tokio::test]
async fn a_created_customer_comes_back_with_every_documented_part() {
    let sandbox = sandbox().await;
    let mut sent = person(1);
    sent["addresses"] = json!([{"first_name": "Jo", "last_name": "Marsh", "city": "Toronto",
        "country_code": "CA", "address1": "1 Mill Road", "form_fields": [{"name": "Gate", "value": 3}]}]);
    sent["attributes"] = json!([{"attribute_id": 5, "attribute_value": "Gold"}]);
    sent["form_fields"] = json!([{"name": "Colours", "value": ["red", "blue"]}]);
    let created = post(&sandbox, CUSTOMERS, json!([sent])).await.json()["data"][0].clone();
    let parts = "include=addresses,storecredit,attributes,formfields,shopper_profile_id,segment_ids";
    let read = async |id: u64| {
        let list = get(&sandbox, &format!("{CUSTOMERS}?id:in={id}&{parts}")).await.json();
        list["data"][0].clone()
    };
    let names = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(created, read(101).await, "the answer to the creation is whole");
    let seeded = read(1).await;
    assert_eq!(names(&created), names(&seeded));
    assert_eq!(names(&created["addresses"][0]), names(&seeded["addresses"][0]));
    assert_eq!(
        (&created["addresses"][0]["country"], &created["address_count"]),
        (&json!("Canada"), &json!(1))
    );
    assert_eq!(created["addresses"][0]["form_fields"], json!([{"name": "Gate", "value": 3}]));
    let attribute = &created["attributes"][0];
    assert_eq!((&attribute["customer_id"], &attribute["attribute_value"]), (&json!(101), &json!("Gold")));
    assert!(attribute["id"].is_u64() && attribute["date_created"] == created["date_created"]);
    assert_eq!(
        created["form_fields"][0],
        json!({"name": "Colours", "value": ["red", "blue"], "customer_id": 101})
    );
    let without = get(&sandbox, &format!("{CUSTOMERS}?id:in=101&include=addresses")).await.json();
    assert!(without["data"][0]["addresses"][0].get("form_fields").is_none(), "`formfields` controls them");
    for wrong in [
        json!({"addresses": [{"first_name": "Jo", "last_name": "M", "city": "X", "country_code": "XX", "address1": "1"}]}),
        json!({"attributes": [{"attribute_id": 5}]}),
        json!({"channel_ids": []}),
        json!({"shopper_profile_id": "x"}),
    ] {
        let mut sent = person(2);
        sent.as_object_mut().expect("fields").extend(wrong.as_object().expect("fields").clone());
        assert_eq!(post(&sandbox, CUSTOMERS, json!([sent])).await.status, 422, "{wrong}");
    }
    sandbox.shutdown().await;
}

#[tokio::test]
async fn links_of_cursors_keep_the_other_parameters() {
    let sandbox = sandbox().await;
    let first =
        get(&sandbox, &format!("{CUSTOMERS}?limit=30&sort=last_name:desc&include=addresses")).await.json();
    let next = first["meta"]["cursor_pagination"]["links"]["next"].as_str().expect("a next page").to_owned();
    assert!(next.contains("sort=last_name:desc") && next.contains("include=addresses"), "{next}");
    let second = get(&sandbox, &format!("{CUSTOMERS}{next}")).await.json();
    assert!(second["data"][0]["addresses"].is_array());
    let by_page = get(&sandbox, &format!("{CUSTOMERS}?limit=30&sort=last_name:desc&page=2")).await.json();
    assert_eq!(column(&second, "id"), column(&by_page, "id"));
    sandbox.shutdown().await;
}
