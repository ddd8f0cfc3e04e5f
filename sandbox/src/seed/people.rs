//! Invented people and where they live.

/// Given names.
pub(super) const GIVEN: &[&str] = &[
    "Ada", "Bruno", "Carla", "Dario", "Elin", "Femi", "Greta", "Hugo", "Ines", "Jonas", "Kira", "Leo",
    "Mara", "Nils", "Oona", "Pavel", "Quinn", "Rosa", "Sven", "Tilda",
];

/// Family names.
pub(super) const FAMILY: &[&str] = &[
    "Ashdown", "Brandt", "Castell", "Dunmore", "Ekholm", "Farrow", "Grieve", "Hallam", "Ibsen", "Jarrow",
    "Keswick",
];

/// A town with its state and a ZIP code.
pub(super) struct Town {
    pub(super) city: &'static str,
    pub(super) state: &'static str,
    pub(super) zip: &'static str,
}

/// Where the customers live.
pub(super) const TOWNS: &[Town] = &[
    Town { city: "Austin", state: "Texas", zip: "78701" },
    Town { city: "Portland", state: "Oregon", zip: "97201" },
    Town { city: "Burlington", state: "Vermont", zip: "05401" },
    Town { city: "Santa Fe", state: "New Mexico", zip: "87501" },
    Town { city: "Duluth", state: "Minnesota", zip: "55802" },
    Town { city: "Asheville", state: "North Carolina", zip: "28801" },
];

/// Streets.
pub(super) const STREETS: &[&str] =
    &["Alder Lane", "Mill Road", "Harbour Street", "Orchard Way", "Station Road"];

/// The person of this number; the first 220 differ in name.
pub(super) fn name(number: u64) -> (&'static str, &'static str) {
    (pick(GIVEN, number), pick(FAMILY, number))
}

/// The item of this number, counted round and round.
pub(super) fn pick<T: Copy>(all: &[T], number: u64) -> T {
    all[usize::try_from(number % all.len() as u64).unwrap_or(0)]
}
