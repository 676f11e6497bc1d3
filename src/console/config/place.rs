//! Which file holds the configuration: the one that is named, else the one of the platform's own place.

use std::path::{Path, PathBuf};

/// The variable that names a file in place of the usual one.
pub const VARIABLE: &str = "WHIPPET_CONFIG";

/// The file, and whether somebody named it: one that is named must be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub path: PathBuf,
    pub is_named: bool,
}

/// `None` where the platform has no place, as without a home.
pub fn find(named: Option<&Path>, variable: impl Fn(&str) -> Option<String>) -> Option<Place> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    if let Some(path) = named.map(Path::to_owned).or_else(|| set(VARIABLE).map(PathBuf::from)) {
        return Some(Place { path, is_named: true });
    }
    let folder = if cfg!(windows) {
        set("APPDATA").map(PathBuf::from)
    } else {
        // By the XDG rules a relative path is to be ignored.
        let own = set("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        own.or_else(|| set("HOME").map(|home| PathBuf::from(home).join(".config")))
    };
    folder.map(|folder| Place { path: folder.join("whippet").join("config.toml"), is_named: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(named: Option<&str>, variables: &[(&str, &str)]) -> Option<(String, bool)> {
        let variable =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let place = find(named.map(Path::new), variable)?;
        Some((place.path.display().to_string(), place.is_named))
    }

    #[test]
    fn an_argument_comes_before_the_variable_before_the_platform() {
        let home = ("HOME", "/h");
        let named = ("WHIPPET_CONFIG", "b.toml");
        assert_eq!(path(Some("a.toml"), &[named, home]), Some(("a.toml".to_owned(), true)));
        assert_eq!(path(None, &[named, home]), Some(("b.toml".to_owned(), true)));
        assert_eq!(path(None, &[]), None);
    }

    #[cfg(not(windows))]
    #[test]
    fn the_platforms_place_is_by_the_xdg_rules() {
        let home = ("HOME", "/h");
        let at = |path: &str| Some((path.to_owned(), false));
        assert_eq!(path(None, &[home]), at("/h/.config/whippet/config.toml"));
        assert_eq!(path(None, &[home, ("XDG_CONFIG_HOME", "/x")]), at("/x/whippet/config.toml"));
        assert_eq!(path(None, &[home, ("XDG_CONFIG_HOME", "x")]), at("/h/.config/whippet/config.toml"));
    }
}
