//! The schemas that platforms draw forms from accept what the connector accepts, for inputs that nobody thought of.

use connector_tests::Choices;
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};

use super::INPUTS;

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_connector_accepts_exactly_what_the_schema_accepts(choices in proptest::collection::vec(any::<u16>(), 0..200)) {
        let mut choices = Choices::from(choices);
        let count = INPUTS.iter().count();
        let (id, schema) = INPUTS.iter().nth(choices.below(count)).unwrap();
        let input = choices.input(schema);
        let (by_schema, by_connector) = INPUTS.verdicts(id, &input);
        prop_assert_eq!(by_schema, by_connector, "{} {}", id, input);
    }
}
