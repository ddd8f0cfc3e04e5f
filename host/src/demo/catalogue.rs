//! Chapter three: what the store sells, page by page.

use connector_runtime::Reply;
use serde_json::json;
use serde_json::value::RawValue;

use super::stage::{Stage, data, ensure, number, text};
use crate::failure::Failure;
use crate::members::Members;
use crate::sandbox::PRODUCT;
use crate::table;

/// So that the catalog comes in a few pages, the last of them short.
const PAGE: usize = 90;

/// What of a product fits a small table.
const SHOWN: [&str; 4] = ["id", "name", "price", "inventory_level"];

/// Returns the category that the new product will stand in.
pub(super) async fn tell(stage: &mut Stage<'_>) -> Result<u64, Failure> {
    stage.begin("look at the catalog")?;
    let category = list_categories(stage).await?;
    list_products(stage).await?;
    let reply = stage.done("get-product", &json!({"product_id": PRODUCT})).await?;
    let product: Members = data(&reply)?;
    ensure(product.get("id") == Some(PRODUCT), || {
        format!("the store answered with another product: {}", reply.json.as_str())
    })?;
    let fields = product.iter().count();
    stage.told("get-product", &reply, &format!("one of them: {fields} fields, with --json byte for byte"))?;
    let table = table::chosen(reply.json.as_str(), &SHOWN, stage.voice.table_width());
    stage.voice.show(&table)?;
    stage.voice.fact("data", data::<Box<RawValue>>(&reply)?);
    stage.end()?;
    Ok(category)
}

async fn list_categories(stage: &mut Stage<'_>) -> Result<u64, Failure> {
    let reply = stage.done("list-categories", &json!({"parent_id_in": [0]})).await?;
    let categories: Vec<Members> = data(&reply)?;
    let first = categories.first().ok_or_else(|| Failure::Broken("there is no category".to_owned()))?;
    let names: Vec<String> = categories.iter().map(|category| text(category, "name")).collect();
    stage.told("list-categories", &reply, &names.join(", "))?;
    number(first, "category_id")
}

async fn list_products(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let action = "list-products";
    let (mut pages, mut ids, mut has_more) = (0, Vec::new(), true);
    while has_more {
        pages += 1;
        let reply = stage.done(action, &json!({"limit": PAGE, "page": pages})).await?;
        let products: Vec<Members> = data(&reply)?;
        for product in &products {
            ids.push(number(product, "id")?);
        }
        let (last, total) = (paging(&reply, "total_pages")?, paging(&reply, "total")?);
        has_more = pages < last;
        let more = if has_more { "there is a next page" } else { "the last page" };
        let told = format!("page {pages}: {} products, {} so far, {more}", products.len(), ids.len());
        stage.told(action, &reply, &told)?;
        ensure(!has_more || products.len() == PAGE, || format!("page {pages} is short"))?;
        ensure(total as usize >= ids.len(), || "there are more products than the store says".to_owned())?;
    }
    let listed = ids.len();
    ids.sort_unstable();
    ids.dedup();
    ensure(pages > 1 && ids.len() == listed, || {
        format!("{pages} pages, {listed} products, not all different")
    })?;
    stage.voice.fact("pages", pages);
    stage.voice.fact("products", listed);
    Ok(())
}

/// A number that the store says of its pages.
fn paging(reply: &Reply<()>, name: &str) -> Result<u64, Failure> {
    let meta: Option<Members> = reply.meta.as_ref().and_then(|meta| meta.parse().ok());
    let pagination: Option<Members> = meta.and_then(|meta| meta.get("pagination"));
    number(&pagination.unwrap_or_default(), name)
}
