//! The assortment of an invented shop for house, garden and trail: what a product's document is made from.

/// A maker.
#[derive(Debug)]
pub(crate) struct Brand {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    /// Where it makes things.
    pub(crate) country: &'static str,
}

/// A department of the shop.
#[derive(Debug)]
pub(crate) struct Category {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    /// A sentence for the description of its products.
    pub(crate) promise: &'static str,
    /// What the label says about care.
    pub(crate) care: &'static str,
}

/// What a shopper chooses before buying; each value is a variant.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Choice {
    /// Nothing to choose: the product has its base variant alone.
    Nothing,
    /// One of these sizes.
    Size(&'static [&'static str]),
    /// One of these colours, with its value for the swatch.
    Colour(&'static [(&'static str, &'static str)]),
}

/// How a product is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    /// At its price.
    Regular,
    /// Reduced to this many cents.
    Sale(i64),
    /// Announced, and not yet delivered.
    Preorder,
    /// Not for sale any more and hidden.
    Withdrawn,
}

/// One product.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item {
    pub(crate) name: &'static str,
    pub(crate) sku: &'static str,
    pub(crate) brand: &'static Brand,
    pub(crate) categories: &'static [&'static Category],
    /// In cents.
    pub(crate) price: i64,
    /// In hundredths of a kilogram; a download weighs nothing.
    pub(crate) weight: i64,
    pub(crate) choice: Choice,
    pub(crate) offer: Offer,
}

/// The products in the order of their ids.
pub(crate) const ITEMS: &[Item] = &[
    item("Copper Pour-Over Kettle", "KET-COP-09", &EMBERWELL, &[&KITCHEN, &COFFEE], 6495, 98),
    item("Stoneware Dripper", "DRP-STW-02", &EMBERWELL, &[&COFFEE], 2850, 61).offer(Offer::Sale(2280)),
    item("Hand Grinder", "GRN-HND-38", &EMBERWELL, &[&COFFEE], 7900, 72),
    item("House Espresso, Whole Bean 1 kg", "BEA-ESP-1K", &NORTHLOAF, &[&COFFEE], 2400, 102),
    item("Cold Brew Carafe", "CAR-CLD-10", &EMBERWELL, &[&COFFEE, &KITCHEN], 3675, 85),
    item("Enamel Camp Mug", "MUG-ENA-35", &TARNHIKE, &[&CAMPING, &COFFEE], 1495, 18).choice(MUG_COLOURS),
    item("Cast Iron Skillet 26 cm", "SKI-CAI-26", &EMBERWELL, &[&KITCHEN], 5400, 265),
    item("Bread Lame", "LAM-BRD-01", &NORTHLOAF, &[&KITCHEN], 1725, 7),
    item("Proofing Basket", "BAS-PRF-22", &NORTHLOAF, &[&KITCHEN], 1990, 31).choice(BASKET_SIZES),
    item("Linen Tea Towel", "TOW-LIN-50", &LOOMSIDE, &[&KITCHEN], 1650, 12).choice(LINEN_COLOURS),
    item("Olive Wood Board", "BRD-OLV-40", &EMBERWELL, &[&KITCHEN], 4825, 140).offer(Offer::Sale(3995)),
    item("Fermentation Crock 5 l", "CRK-FRM-05", &NORTHLOAF, &[&KITCHEN], 8900, 580),
    item("Long-Handled Trowel", "TRW-LNG-01", &GREENFOLD, &[&GARDEN], 2275, 46),
    item("Bypass Pruner", "PRN-BYP-21", &GREENFOLD, &[&GARDEN], 3950, 24),
    item("Copper Watering Can", "CAN-COP-35", &GREENFOLD, &[&GARDEN], 7250, 135).offer(Offer::Sale(5800)),
    item("Seed Box, Kitchen Herbs", "SED-HRB-12", &GREENFOLD, &[&GARDEN, &KITCHEN], 1295, 9),
    item("Cedar Raised Bed", "BED-CED-12", &GREENFOLD, &[&GARDEN], 16900, 1450),
    item("Gardening Gloves", "GLV-GRD-10", &GREENFOLD, &[&GARDEN, &CLOTHING], 1875, 14).choice(GLOVE_SIZES),
    item("Twine, Jute 100 m", "TWN-JUT-99", &GREENFOLD, &[&GARDEN], 650, 22),
    item("Two-Person Trail Tent", "TNT-TRL-02", &TARNHIKE, &[&CAMPING], 28900, 215).offer(Offer::Sale(24900)),
    item("Down Sleeping Bag", "BAG-SLP-03", &TARNHIKE, &[&CAMPING], 23500, 92).choice(BAG_SIZES),
    item("Folding Camp Stool", "STO-FLD-01", &TARNHIKE, &[&CAMPING], 4450, 130),
    item("Titanium Pot 0.9 l", "POT-TIT-90", &TARNHIKE, &[&CAMPING, &KITCHEN], 5999, 13),
    item("Rechargeable Headlamp", "LMP-HED-40", &LANTERNE, &[&CAMPING, &LIGHTING], 4995, 9),
    item("Camp Lantern", "LMP-CMP-30", &LANTERNE, &[&CAMPING, &LIGHTING], 3890, 43),
    item("Paper Pendant Shade", "SHD-PAP-45", &LANTERNE, &[&LIGHTING], 5600, 38).choice(SHADE_SIZES),
    item("Brass Desk Lamp", "LMP-DSK-12", &LANTERNE, &[&LIGHTING], 13900, 240),
    item("Beeswax Candle, Pair", "CDL-BEE-02", &LANTERNE, &[&LIGHTING], 1180, 20),
    item("Organic Cotton T-Shirt", "TEE-ORG-01", &LOOMSIDE, &[&CLOTHING], 2995, 17).choice(SHIRT_SIZES),
    item("Merino Beanie", "BEA-MER-01", &LOOMSIDE, &[&CLOTHING], 3450, 8).choice(LINEN_COLOURS),
    item("Waxed Canvas Jacket", "JCK-WAX-07", &LOOMSIDE, &[&CLOTHING], 18900, 145).choice(SHIRT_SIZES),
    item("Wool Throw", "THR-WOL-13", &LOOMSIDE, &[&CLOTHING], 9900, 120).choice(LINEN_COLOURS),
    item("Field Notebook, Dotted", "NOT-DOT-A5", &LOOMSIDE, &[&STATIONERY], 1150, 21),
    item("Guide to Wild Herbs (E-Book)", "EBK-HRB-01", &GREENFOLD, &[&STATIONERY, &GARDEN], 999, 0),
    item("Trail Journal, Second Edition", "NOT-TRL-02", &TARNHIKE, &[&STATIONERY], 1450, 26)
        .offer(Offer::Preorder),
    item("Oil Lamp", "LMP-OIL-01", &LANTERNE, &[&LIGHTING], 4200, 88).offer(Offer::Withdrawn),
];

pub(super) const EMBERWELL: Brand = Brand { id: 36, name: "Emberwell", country: "Portugal" };
pub(super) const NORTHLOAF: Brand = Brand { id: 37, name: "Northloaf", country: "Denmark" };
pub(super) const GREENFOLD: Brand = Brand { id: 38, name: "Greenfold", country: "Netherlands" };
pub(super) const TARNHIKE: Brand = Brand { id: 39, name: "Tarnhike", country: "Slovenia" };
pub(super) const LANTERNE: Brand = Brand { id: 40, name: "Lanterne & Co", country: "France" };
pub(super) const LOOMSIDE: Brand = Brand { id: 41, name: "Loomside", country: "Ireland" };

pub(super) const ALDERHOLM: Brand = Brand { id: 42, name: "Alderholm", country: "Sweden" };
/// A maker whose products are yet to come.
pub(super) const QUILLMOOR: Brand = Brand { id: 43, name: "Quillmoor", country: "Scotland" };

/// Every maker.
pub(super) const BRANDS: &[&Brand] =
    &[&EMBERWELL, &NORTHLOAF, &GREENFOLD, &TARNHIKE, &LANTERNE, &LOOMSIDE, &ALDERHOLM, &QUILLMOOR];

/// Every department.
pub(super) const CATEGORIES: &[&Category] =
    &[&KITCHEN, &COFFEE, &GARDEN, &CAMPING, &CLOTHING, &LIGHTING, &STATIONERY];

pub(super) const KITCHEN: Category = Category {
    id: 18,
    name: "Kitchen",
    promise: "Made for daily use and for handing on.",
    care: "Wash by hand, dry at once",
};
pub(super) const COFFEE: Category = Category {
    id: 19,
    name: "Coffee",
    promise: "For people who do not mind getting up.",
    care: "Rinse with clear water",
};
pub(super) const GARDEN: Category = Category {
    id: 20,
    name: "Garden",
    promise: "Feels right in the hand and shrugs off the rain.",
    care: "Keep dry over the winter",
};
pub(super) const CAMPING: Category = Category {
    id: 21,
    name: "Camping",
    promise: "Light enough to carry, strong enough to forget about.",
    care: "Air well before packing",
};
pub(super) const CLOTHING: Category = Category {
    id: 22,
    name: "Clothing",
    promise: "Cut to be worn for years, and easy to mend.",
    care: "Wash cold, do not tumble",
};
pub(super) const LIGHTING: Category = Category {
    id: 23,
    name: "Lighting",
    promise: "A warm light without glare.",
    care: "Wipe with a dry cloth",
};
pub(super) const STATIONERY: Category = Category {
    id: 24,
    name: "Stationery",
    promise: "Good company on the way and at the desk.",
    care: "Keep away from damp",
};

pub(super) const SHIRT_SIZES: Choice = Choice::Size(&["S", "M", "L", "XL"]);
pub(super) const GLOVE_SIZES: Choice = Choice::Size(&["7", "8", "9", "10"]);
pub(super) const BASKET_SIZES: Choice = Choice::Size(&["22 cm", "28 cm"]);
pub(super) const BAG_SIZES: Choice = Choice::Size(&["Regular", "Long"]);
pub(super) const SHADE_SIZES: Choice = Choice::Size(&["35 cm", "45 cm", "60 cm"]);
pub(super) const MUG_COLOURS: Choice =
    Choice::Colour(&[("White", "#f4f1ea"), ("Blue", "#2f4b7c"), ("Green", "#3f6b4f")]);
pub(super) const LINEN_COLOURS: Choice =
    Choice::Colour(&[("Natural", "#d8c9ae"), ("Charcoal", "#3a3a3c"), ("Rust", "#a4502f")]);

pub(super) const fn item(
    name: &'static str,
    sku: &'static str,
    brand: &'static Brand,
    categories: &'static [&'static Category],
    price: i64,
    weight: i64,
) -> Item {
    Item { name, sku, brand, categories, price, weight, choice: Choice::Nothing, offer: Offer::Regular }
}

impl Item {
    pub(super) const fn choice(mut self, choice: Choice) -> Self {
        self.choice = choice;
        self
    }

    pub(super) const fn offer(mut self, offer: Offer) -> Self {
        self.offer = offer;
        self
    }

    /// Whether it is a download.
    pub(crate) fn is_digital(&self) -> bool {
        self.weight == 0
    }

    /// The reduced price in cents, where there is one.
    pub(crate) fn sale_price(&self) -> Option<i64> {
        match self.offer {
            Offer::Sale(cents) => Some(cents),
            _ => None,
        }
    }

    /// The name in a URL: lower case, words joined by hyphens.
    pub(crate) fn slug(&self) -> String {
        let lower = self.name.to_ascii_lowercase();
        let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join("-")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::wider_range;
    use super::{ITEMS, Item};

    fn all() -> impl Iterator<Item = &'static Item> {
        ITEMS.iter().chain(wider_range::ITEMS)
    }

    /// BigCommerce compares names and SKUs without regard to case.
    fn are_unique(part: impl Fn(&Item) -> String) -> bool {
        all().map(|item| part(item).to_lowercase()).collect::<BTreeSet<_>>().len() == all().count()
    }

    #[test]
    fn names_skus_and_urls_are_unique() {
        assert!(are_unique(|item| item.name.to_owned()));
        assert!(are_unique(|item| item.sku.to_owned()));
        assert!(are_unique(Item::slug));
    }

    #[test]
    fn a_sale_is_cheaper() {
        assert!(all().all(|item| item.sale_price().is_none_or(|sale| sale < item.price)));
    }
}
