//! Every action of the connector against the store, which was written from the vendor's documentation and knows nothing
//! of the manifest: where the two disagree, one of them is wrong.

use bigcommerce_connector::{CONNECTOR, actions};
use connector_runtime::{Action, Class, Client, Decimal};
use connector_tests::Store;
use serde_json::{Value, json};

/// Calls an action with JSON, and returns its data.
async fn call(client: &Client, id: &str, input: Value) -> Value {
    let reply = client.call_untyped(id, input.to_string().as_bytes()).await;
    let reply = reply
        .unwrap_or_else(|error| panic!("{id}: {error} {:?} {:?}", error.api_message(), error.violations()));
    reply.json.parse().unwrap()
}

/// Calls an action with its typed input: the answer must fit its type.
async fn typed<A: Action>(client: &Client, action: A) -> A::Output {
    let reply = client.call(&action).await;
    reply.unwrap_or_else(|error| panic!("{}: {error}", A::OPERATION.id)).data
}

#[tokio::test]
async fn what_is_listed_is_read_one_by_one_and_fits_its_type() {
    let store = Store::open().await;
    let client = &store.client;
    let products = typed(client, actions::ListProducts::default()).await;
    assert_eq!(products.len(), 50, "a page has fifty items where nothing else is said");
    let id = products[0].id.unwrap();
    assert_eq!(typed(client, actions::GetProduct::new(id)).await, products[0]);

    let orders = typed(client, actions::ListOrders::default()).await;
    let order = typed(client, actions::GetOrder::new(orders[0].id.unwrap())).await;
    assert_eq!(order.total_inc_tax, orders[0].total_inc_tax);
    assert!(order.total_inc_tax.unwrap() > Decimal::ZERO);
    assert!(order.date_created.unwrap().timestamp().is_ok(), "v2 writes RFC 2822");

    let customers = typed(client, actions::ListCustomers::default()).await;
    let customer = typed(client, actions::GetCustomer::new(customers[0].id.unwrap())).await;
    assert_eq!(customer.email, customers[0].email);

    let categories = typed(client, actions::ListCategories::default()).await;
    assert!(categories.iter().all(|category| category.category_id.is_some()) && !categories.is_empty());
    assert!(typed(client, actions::GetStoreInformation::default()).await.name.is_some());
    assert!(typed(client, actions::GetTime::default()).await.time.is_some());
}

#[tokio::test]
async fn what_is_created_can_be_changed_and_deleted() {
    let store = Store::open().await;
    let client = &store.client;
    let product = json!({"name": "Walnut Tray", "type": "physical", "weight": 1.25, "price": 49.90});
    let created = call(client, "create-product", product).await;
    let id = created["id"].as_i64().unwrap();
    let changed = call(client, "update-product", json!({"product_id": id, "price": 39.95})).await;
    assert_eq!((&changed["price"], &changed["name"]), (&json!(39.95), &json!("Walnut Tray")));
    assert_eq!(call(client, "delete-product", json!({"product_id": id})).await, Value::Null);
    let gone = client.call(&actions::GetProduct::new(id)).await.unwrap_err();
    assert_eq!(gone.class(), Class::NotFound);

    let brand = call(client, "create-brand", json!({"name": "Fernhill"})).await;
    assert_eq!(brand["name"], "Fernhill");
    let twice = client.call(&actions::CreateBrand::new("Fernhill")).await.unwrap_err();
    assert_eq!((twice.class(), twice.is_retryable()), (Class::Conflict, false));

    let person = json!({"email": "ada@shop.example", "first_name": "Ada", "last_name": "Byron"});
    let customer = call(client, "create-customer", person).await;
    assert_eq!(customer["email"], "ada@shop.example", "one goes in, one comes out");
    let read = call(client, "get-customer", json!({"customer_id": customer["id"]})).await;
    assert_eq!(read["first_name"], "Ada");
    let nobody = client.call(&actions::GetCustomer::new(999_999)).await.unwrap_err();
    assert_eq!(nobody.class(), Class::NotFound, "an empty list is nobody");

    let order = call(client, "update-order", json!({"order_id": 100, "status_id": 2})).await;
    assert_eq!(order["status_id"], 2);
}

#[tokio::test]
async fn webhooks_are_managed_by_actions() {
    let store = Store::open().await;
    let client = &store.client;
    let hook = json!({"scope": "store/order/created", "destination": "https://hooks.shop.example/in"});
    let created = call(client, "create-webhook", hook).await;
    let id = &created["id"];
    let listed = call(client, "list-webhooks", json!({})).await;
    assert!(listed.as_array().unwrap().iter().any(|hook| hook["id"] == *id), "{listed}");
    let paused = call(client, "update-webhook", json!({"webhook_id": id, "is_active": false})).await;
    assert_eq!(paused["is_active"], false);
    call(client, "delete-webhook", json!({"webhook_id": id})).await;
    assert_eq!(call(client, "list-webhooks", json!({})).await, json!([]));
}

#[tokio::test]
async fn pages_are_walked_to_their_end_in_both_versions() {
    let store = Store::open().await;
    for (id, limit, expected) in [("list-products", 90, 200), ("list-orders", 20, 50)] {
        let input = json!({"limit": limit}).to_string();
        let mut request = Some(CONNECTOR.action(id).unwrap().prepare(input.as_bytes()).unwrap());
        let mut items = 0;
        while let Some(page) = request {
            let reply = store.client.send(page.clone()).await.unwrap();
            items += reply.json.parse::<Vec<Value>>().unwrap().len();
            request = store.client.next_page(&page, &reply).unwrap().map(|next| next.request);
        }
        assert_eq!(items, expected, "{id}");
    }
}

#[tokio::test]
async fn an_empty_list_of_either_version_is_an_empty_list() {
    let store = Store::open().await;
    for (id, input) in
        [("list-products", json!({"name": "no such"})), ("list-orders", json!({"min_id": 999_999}))]
    {
        assert_eq!(call(&store.client, id, input).await, json!([]), "{id}");
    }
}
