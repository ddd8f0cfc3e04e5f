//! The browser and its driver, with which the pages of the service are tested as a person uses them.

use xshell::Shell;

use super::{Install, Need, succeeds};

/// What the tests of the pages run. The driver looks for the browser by itself.
pub(super) const NEEDS: &[Need] = &[
    Need {
        name: "Chromium",
        probe: "chromium --version",
        install: Install::Debian("chromium"),
        otherwise: "install Chromium so that it answers to `chromium`",
    },
    Need {
        name: "Chromium's driver",
        probe: "chromedriver --version",
        install: Install::Debian("chromium-driver"),
        otherwise: "install ChromeDriver of Chromium's version so that it answers to `chromedriver`",
    },
];

/// What the tests leave out for want of a browser. The tests say so too, but nobody sees the output of a test that
/// passes.
pub(super) fn left_out(shell: &Shell) -> Vec<String> {
    told(NEEDS.iter().find(|need| !succeeds(shell, need.probe)))
}

fn told(missing: Option<&Need>) -> Vec<String> {
    let told = |need: &Need| {
        format!("the pages in a browser: {} not present; `cargo xtask setup` installs it", need.name)
    };
    missing.map(told).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_told_with_what_is_missing_and_how_to_get_it() {
        let lines = told(NEEDS.last());
        assert_eq!(
            lines,
            ["the pages in a browser: Chromium's driver not present; `cargo xtask setup` installs it"]
        );
        assert_eq!(told(None), Vec::<String>::new());
    }
}
