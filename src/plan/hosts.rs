//! Which site a host belongs to. The order of sites does not matter: the one that names a host most narrowly has it.

/// Which of these lists of host patterns, one a site, names a host most narrowly: in full, else by the longest wildcard.
#[must_use]
pub fn site_at<'a>(sites: impl Iterator<Item = &'a [String]>, host: &str) -> Option<usize> {
    let mut best = (0, None);
    for (at, patterns) in sites.enumerate() {
        for pattern in patterns.iter().filter(|pattern| host_matches(pattern, host)) {
            // A wildcard that takes a host in is never longer than the host.
            let rank = pattern.len() + usize::from(pattern == host);
            if rank > best.0 {
                best = (rank, Some(at));
            }
        }
    }
    best.1
}

/// Whether `host` is `pattern`, or ends with what follows a leading `*`.
#[must_use]
pub fn host_matches(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
        None => pattern == host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrowest_name_of_a_host_has_it_in_whatever_order_the_sites_stand() {
        let mut sites = [("wide", "*.x.example"), ("narrow", "*.b.x.example"), ("exact", "a.b.x.example")]
            .map(|(name, host)| (name, vec![host.to_owned()]));
        let of = |sites: &[(&'static str, Vec<String>)], host| {
            site_at(sites.iter().map(|site| site.1.as_slice()), host).and_then(|at| sites.get(at)).map(|site| site.0)
        };
        for _ in 0..sites.len() {
            sites.rotate_left(1);
            assert_eq!(of(&sites, "a.b.x.example"), Some("exact"));
            assert_eq!(of(&sites, "c.b.x.example"), Some("narrow"));
            assert_eq!(of(&sites, "b.x.example"), Some("wide"));
            assert_eq!(of(&sites, "x.example"), None);
        }
        // As long as the wildcard, and yet named in full.
        let sites = [("wide", vec!["*.x".to_owned()]), ("exact", vec!["a.x".to_owned()])];
        assert_eq!((of(&sites, "a.x"), of(&sites, "b.x")), (Some("exact"), Some("wide")));
    }
}
